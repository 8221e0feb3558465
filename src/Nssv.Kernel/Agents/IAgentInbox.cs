namespace Nssv.Kernel.Agents;

/// <summary>Takes in what agents answer. The caller has already made sure that <c>hostId</c> is who sends.</summary>
public interface IAgentInbox
{
    /// <summary>Returns when the results are durable; those named in the receipt need not be sent again. Repeats and strangers are acknowledged and change nothing.</summary>
    Task<ResultReceipt> Results(Id hostId, ResultBatch batch);
}
