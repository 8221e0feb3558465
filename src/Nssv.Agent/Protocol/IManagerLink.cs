using Nssv.Contracts.Agent;
using Nssv.Kernel.Agents;

namespace Nssv.Agent.Protocol;

/// <summary>The agent's way to the managers. Whatever is thrown means: no answer, it may or may not have arrived.</summary>
public interface IManagerLink
{
    /// <summary>Whether results may be sent there: a manager of this platform, and nobody else.</summary>
    bool IsAllowed(string callbackUrl);

    Task<ResultReceipt> Deliver(string callbackUrl, ResultBatch batch, CancellationToken cancel);

    Task<HeartbeatReply> Beat(Heartbeat heartbeat, CancellationToken cancel);

    Task<ReportReceipt> Report(HostReport report, CancellationToken cancel);
}
