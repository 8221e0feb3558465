using Nssv.Contracts.Agent;
using Nssv.Kernel;
using Nssv.Kernel.Agents;
using Nssv.Kernel.Operations;
using Nssv.Simulator;

namespace Nssv.Simulation.Tests.Widgets;

/// <summary>The least a manager must know of its hosts: a heartbeat from an unknown start means clean-up first; silence means unreachable.</summary>
internal sealed class HostWatch(IAgentInbox inbox, HostConnections links, HostCleanUp cleanUp, TimeProvider time) : IManagerPort
{
    private static readonly TimeSpan Silence = TimeSpan.FromSeconds(45);
    private readonly Dictionary<Id, Seen> _seen = [];
    private bool _watching;

    public Task<ResultReceipt> TakeResults(ResultBatch batch) => inbox.Results(batch.HostId, batch);

    public Task<HeartbeatReply> TakeHeartbeat(Heartbeat heartbeat)
    {
        if (!_watching)
            _ = Watch();
        _watching = true;
        var known = _seen.GetValueOrDefault(heartbeat.HostId);
        if (known is not null && heartbeat.Sequence < known.Sequence)
            return Task.FromResult(new HeartbeatReply(false, 15));
        _seen[heartbeat.HostId] = new(heartbeat.AgentIncarnation, heartbeat.Sequence, time.GetUtcNow());
        var again = known?.Incarnation != heartbeat.AgentIncarnation || links.Of(heartbeat.HostId) == HostLink.Unreachable;
        if (again)
            _ = Reconcile(heartbeat.HostId, heartbeat.AgentIncarnation);
        return Task.FromResult(new HeartbeatReply(again, 15));
    }

    public Task<ReportReceipt> TakeReport(HostReport report) => Task.FromResult(new ReportReceipt(report.Sequence));

    private async Task Reconcile(Id host, long incarnation)
    {
        links.Set(host, HostLink.Reconciling);
        while (_seen[host].Incarnation == incarnation && links.Of(host) == HostLink.Reconciling)
        {
            if (await cleanUp.Run(host))
            {
                if (links.Of(host) == HostLink.Reconciling)
                    links.Set(host, HostLink.Connected);
                return;
            }

            await Task.Delay(TimeSpan.FromSeconds(5), time);
        }
    }

    private async Task Watch()
    {
        while (true)
        {
            await Task.Delay(TimeSpan.FromSeconds(5), time);
            foreach (var (host, seen) in _seen)
            {
                if (time.GetUtcNow() - seen.At > Silence)
                    links.Set(host, HostLink.Unreachable);
            }
        }
    }

    private sealed record Seen(long Incarnation, long Sequence, DateTimeOffset At);
}
