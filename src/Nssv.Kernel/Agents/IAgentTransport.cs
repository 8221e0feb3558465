namespace Nssv.Kernel.Agents;

/// <summary>The wire to the hosts' agents. JSON is really made on both sides, also in a simulation.</summary>
public interface IAgentTransport
{
    /// <summary>Hands commands over; returns when the host has them durably.</summary>
    /// <exception cref="HostUnreachableException">No answer: the host may or may not have them.</exception>
    Task<CommandReceipt> Send(Id hostId, CommandBatch batch, CancellationToken cancel);

    /// <exception cref="HostUnreachableException">No answer.</exception>
    Task<AskReply> Ask(Id hostId, Ask ask, CancellationToken cancel);

    Task Forget(Id hostId, Forget forget, CancellationToken cancel);
}

/// <summary>A host's agent does not answer.</summary>
public sealed class HostUnreachableException(Id hostId, string detail, Exception? inner = null) : Exception(detail, inner)
{
    public Id HostId { get; } = hostId;
}
