using Nssv.Agent.Protocol;
using Nssv.Contracts.Agent;
using Nssv.Kernel.Agents;

namespace Nssv.Simulator.Fleet;

/// <summary>A host's wire to the managers, on which nothing moves while the host is silent.</summary>
internal sealed class SilenceableLink(IManagerLink link, FleetHost host) : IManagerLink
{
    public bool IsAllowed(string callbackUrl) => link.IsAllowed(callbackUrl);

    public async Task<ResultReceipt> Deliver(string callbackUrl, ResultBatch batch, CancellationToken cancel)
    {
        await host.Audible(cancel);
        return await link.Deliver(callbackUrl, batch, cancel);
    }

    public async Task<HeartbeatReply> Beat(Heartbeat heartbeat, CancellationToken cancel)
    {
        await host.Audible(cancel);
        return await link.Beat(heartbeat, cancel);
    }

    public async Task<ReportReceipt> Report(HostReport report, CancellationToken cancel)
    {
        await host.Audible(cancel);
        return await link.Report(report, cancel);
    }
}
