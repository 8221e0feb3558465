using Nssv.Contracts.Agent;
using Nssv.Kernel.Agents;
using Nssv.Simulator;

namespace Nssv.Simulation.Tests.Machines;

/// <summary>The product's own inboxes behind the simulated wire, as its HTTP endpoints are behind the real one.</summary>
internal sealed class PlatformPort(IAgentInbox results, IHostInbox hosts) : IManagerPort
{
    public Task<ResultReceipt> TakeResults(ResultBatch batch) => results.Results(batch.HostId, batch);
    public Task<HeartbeatReply> TakeHeartbeat(Heartbeat heartbeat) => hosts.Heartbeat(heartbeat);
    public Task<ReportReceipt> TakeReport(HostReport report) => hosts.Report(report);
}
