using Nssv.Contracts.Agent;
using Nssv.Kernel;
using Nssv.Kernel.Agents;
using Nssv.Kernel.Operations;
using Nssv.Kernel.Ownership;
using Nssv.Simulation.Tests.World;
using Nssv.Simulator;

namespace Nssv.Simulation.Tests.Widgets;

/// <summary>
/// The least a manager must know of its hosts: a heartbeat from an unknown start means clean-up first; silence means unreachable. Hosts of other managers
/// are as those say on the board.
/// </summary>
internal sealed class HostWatch : IManagerPort, IShardListener
{
    private static readonly TimeSpan Silence = TimeSpan.FromSeconds(45);
    private readonly SortedDictionary<Id, Seen> _seen = [];
    private readonly IAgentInbox _inbox;
    private readonly HostConnections _links;
    private readonly HostCleanUp _cleanUp;
    private readonly IOwnership _ownership;
    private readonly TimeProvider _time;
    private readonly HostBoard _board;

    public HostWatch(IAgentInbox inbox, HostConnections links, HostCleanUp cleanUp, IOwnership ownership, TimeProvider time, HostBoard board)
    {
        (_inbox, _links, _cleanUp, _ownership, _time, _board) = (inbox, links, cleanUp, ownership, time, board);
        board.Watch((NodeContext)SynchronizationContext.Current!, Follow);
        _ = Watch();
    }

    public Task<ResultReceipt> TakeResults(ResultBatch batch) => _inbox.Results(batch.HostId, batch);

    public Task<HeartbeatReply> TakeHeartbeat(Heartbeat heartbeat)
    {
        var managers = _ownership.AgentUrls is { Count: > 0 } urls ? urls : null;
        if (_ownership.Hold(heartbeat.HostId) is not { IsValid: true })
        {
            return _ownership.OwnerOf(heartbeat.HostId) is { } owner
                ? Task.FromResult(new HeartbeatReply(false, 15, owner.AgentUrl, managers))
                : throw Problems.Unavailable("No manager looks after this host yet.").AsException();
        }

        var known = _seen.GetValueOrDefault(heartbeat.HostId);
        if (known is not null && heartbeat.Sequence < known.Sequence)
            return Task.FromResult(new HeartbeatReply(false, 15, null, managers));
        _seen[heartbeat.HostId] = new(heartbeat.AgentIncarnation, heartbeat.Sequence, _time.GetTimestamp());
        var again = known?.Incarnation != heartbeat.AgentIncarnation || _links.Of(heartbeat.HostId) == HostLink.Unreachable;
        if (again)
            _ = Reconcile(heartbeat.HostId, heartbeat.AgentIncarnation);
        return Task.FromResult(new HeartbeatReply(again, 15, null, managers));
    }

    public Task<ReportReceipt> TakeReport(HostReport report) => Task.FromResult(new ReportReceipt(report.Sequence));

    public Task Gained(ShardSet shards)
    {
        foreach (var host in _board.Hosts)
        {
            if (shards.Has(host) && _links.Of(host) != HostLink.Unreachable)
                _seen[host] = new(-1, 0, _time.GetTimestamp());
            else if (!shards.Has(host))
                Follow(host, _board.Of(host));
        }

        return Task.CompletedTask;
    }

    public void Lost(ShardSet shards)
    {
        foreach (var host in _seen.Keys.Where(shards.Has).ToList())
            _seen.Remove(host);
    }

    private void Follow(Id host, HostLink link)
    {
        if (_ownership.Hold(host) is null)
            _links.Set(host, link);
    }

    private void Say(Id host, HostLink link)
    {
        _links.Set(host, link);
        _board.Say(host, link);
    }

    private async Task Reconcile(Id host, long incarnation)
    {
        Say(host, HostLink.Reconciling);
        try
        {
            while (_seen.GetValueOrDefault(host)?.Incarnation == incarnation && _links.Of(host) == HostLink.Reconciling)
            {
                if (await _cleanUp.Run(host))
                {
                    if (_seen.ContainsKey(host) && _links.Of(host) == HostLink.Reconciling)
                        Say(host, HostLink.Connected);
                    return;
                }

                await Task.Delay(TimeSpan.FromSeconds(5), _time);
            }
        }
        catch (ProblemException)
        {
            // The database is away: the next heartbeat begins again.
            _seen.Remove(host);
        }
    }

    private async Task Watch()
    {
        while (true)
        {
            var before = _time.GetTimestamp();
            await Task.Delay(TimeSpan.FromSeconds(5), _time);
            foreach (var (host, seen) in _seen.ToList())
            {
                if (_time.GetElapsedTime(before) > TimeSpan.FromSeconds(10))
                    _seen[host] = seen with { At = _time.GetTimestamp() };
                else if (_time.GetElapsedTime(seen.At) > Silence && _ownership.Hold(host) is { IsValid: true })
                    Say(host, HostLink.Unreachable);
            }

            foreach (var host in _board.Hosts)
                Follow(host, _board.Of(host));
        }
    }

    private sealed record Seen(long Incarnation, long Sequence, long At);
}

/// <summary>What the owners of hosts last said of them: here what the hosts' rows are in the product.</summary>
internal sealed class HostBoard
{
    private readonly Dictionary<Id, HostLink> _links = [];
    private readonly List<(NodeContext Node, Action<Id, HostLink> Follow)> _watchers = [];

    public SimulatedWorld World { get; set; } = null!;
    public IReadOnlyList<Id> Hosts { get; set; } = [];

    public HostLink Of(Id host) => _links.GetValueOrDefault(host);

    public void Watch(NodeContext node, Action<Id, HostLink> follow)
    {
        _watchers.RemoveAll(watcher => watcher.Node.IsDead);
        _watchers.Add((node, follow));
    }

    public void Say(Id host, HostLink link)
    {
        _links[host] = link;
        foreach (var (node, follow) in _watchers.ToList())
            World.After(TimeSpan.FromMilliseconds(5), () => node.Post(() => follow(host, _links[host])));
    }
}
