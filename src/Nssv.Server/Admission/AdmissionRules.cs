namespace Nssv.Server.Admission;

/// <summary>What a decision about one more request looks at.</summary>
/// <param name="Waiting">Requests that wait, of everyone.</param>
/// <param name="OwnWaiting">Those of the caller.</param>
/// <param name="WaitingCallers">How many callers have any, the caller counted in.</param>
/// <param name="Operations">Operations not ended, of everyone; with <paramref name="OwnOperations"/> and <paramref name="OperationCallers"/> accordingly.</param>
/// <param name="QueuedUnits">Units of work that wait for the database's writer.</param>
internal readonly record struct NodeLoad(int Waiting, int OwnWaiting, int WaitingCallers, int Operations, int OwnOperations, int OperationCallers, int QueuedUnits);

internal enum RefusalReason { OwnRequests, OwnOperations, NodeOperations, WriterBehind }

/// <param name="Have">How many there are.</param>
/// <param name="May">How many there may be.</param>
internal sealed record AdmissionRefusal(RefusalReason Reason, int Have, int May);

/// <summary>
/// Whether one more request is taken in. A caller's share of a limit is the limit divided by one more than the callers that use it, so that whoever floods leaves
/// room for the next one. Shares of operations count only while the platform is at least half full: before that, nobody is in anybody's way.
/// </summary>
internal static class AdmissionRules
{
    /// <returns>Null when it is.</returns>
    public static AdmissionRefusal? Refusal(in NodeLoad load, AdmissionLimits limits)
    {
        if (load.QueuedUnits >= limits.WriterQueue)
            return new(RefusalReason.WriterBehind, load.QueuedUnits, limits.WriterQueue);
        if (load.Operations >= limits.Operations)
            return new(RefusalReason.NodeOperations, load.Operations, limits.Operations);
        var operations = limits.Operations / (load.OperationCallers + 1);
        if (load.Operations >= limits.Operations / 2 && load.OwnOperations >= operations)
            return new(RefusalReason.OwnOperations, load.OwnOperations, operations);
        var waiting = Math.Max(limits.Waiting / (load.WaitingCallers + 1), limits.LeastShare);
        return load.OwnWaiting >= waiting ? new(RefusalReason.OwnRequests, load.OwnWaiting, waiting) : null;
    }
}
