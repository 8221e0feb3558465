using System.Collections.Concurrent;
using Microsoft.Extensions.Logging;
using Nssv.Contracts.Agent;
using Nssv.Contracts.Compute;
using Nssv.Contracts.Inventory;
using Nssv.Contracts.Storage;
using Nssv.Kernel;
using Nssv.Kernel.Agents;
using Nssv.Kernel.Calls;
using Nssv.Kernel.Data;
using Nssv.Kernel.Events;
using Nssv.Kernel.Operations;
using Nssv.Kernel.Ownership;
using Nssv.Services.Inventory.Orphans;

namespace Nssv.Services.Inventory.Observation;

/// <summary>
/// Takes in what hosts tell. A host that is back, or whose agent is new, tells everything first; what was left to clean up there is cleaned up;
/// only then does it get new work. What is kept here is a cache: after a restart every host tells everything again.
/// </summary>
public sealed partial class HostObservation(
    IBus bus, IStore store, HostConnections links, HostCleanUp cleanUp, IOwnership ownership, TimeProvider time, ILogger<HostObservation> log)
    : IHostInbox, IShardListener, IEventObserver
{
    /// <summary>Without a heartbeat for so long a host counts as disconnected: three are missing.</summary>
    public static readonly TimeSpan SilenceLimit = TimeSpan.FromSeconds(50);

    public const int HeartbeatSeconds = 15;

    /// <summary>How often it is written down that a host was heard, though it said nothing new: by the watch, for many hosts together, so that they share commits.</summary>
    private static readonly TimeSpan WriteAgainAfter = TimeSpan.FromSeconds(60);

    /// <summary>More at once would keep everybody else's commits waiting; the rest comes with the next look.</summary>
    private const int WrittenTogether = 500;

    /// <summary>How often a host tells everything, though nothing seems to be missing.</summary>
    private static readonly TimeSpan ResyncAfter = TimeSpan.FromMinutes(5);

    private static readonly TimeSpan WatchInterval = TimeSpan.FromSeconds(5);

    private readonly ConcurrentDictionary<Id, HostSession> _sessions = new();

    public async Task<HeartbeatReply> Heartbeat(Heartbeat heartbeat)
    {
        var managers = ownership.AgentUrls is { Count: > 0 } urls ? urls : null;
        if (ownership.Hold(heartbeat.HostId) is not { IsValid: true })
        {
            return ownership.OwnerOf(heartbeat.HostId) is { } owner
                ? new HeartbeatReply(false, HeartbeatSeconds, owner.AgentUrl, managers)
                : throw Problems.Unavailable("No manager looks after this host yet.").AsException();
        }

        var now = time.GetTimestamp();
        var session = _sessions.GetOrAdd(heartbeat.HostId, static _ => new HostSession());
        bool known;
        bool news;
        bool resync;
        lock (session)
        {
            known = session.Synced && session.Incarnation == heartbeat.AgentIncarnation && session.BootId == heartbeat.BootId;
            resync = !known || session.LastComplete is not { } complete || time.GetElapsedTime(complete, now) > ResyncAfter;
            news = resync || !session.SaysTheSame(heartbeat);
            session.HeardAt = now;
            session.LastHeartbeat = Math.Max(session.LastHeartbeat, heartbeat.Sequence);
            session.Incarnation = heartbeat.AgentIncarnation;
            session.BootId = heartbeat.BootId;
            if (!known)
            {
                session.Synced = false;
                // Together with what it follows from: one that is late would take a link down that has come up since.
                links.Set(heartbeat.HostId, HostLink.Reconciling);
            }

            if (news)
                (session.WrittenAt, session.Last) = (now, heartbeat);
        }

        if (news)
        {
            try
            {
                await Write(heartbeat.HostId, session, Clock.Now(time), heartbeat.Sequence, heartbeat);
                await bus.Call(new ObserveHostStorages(heartbeat.HostId, heartbeat.Sequence, heartbeat.Storages));
            }
            catch
            {
                // What is not written down is news the next time too.
                lock (session)
                    session.Last = null;
                throw;
            }

        }

        return new HeartbeatReply(resync, HeartbeatSeconds, null, managers);
    }

    public async Task<ReportReceipt> Report(HostReport report)
    {
        if (ownership.Hold(report.HostId) is not { IsValid: true })
            throw Problems.Unavailable("Another manager looks after this host: its next heartbeat tells which.").AsException();
        var session = _sessions.GetOrAdd(report.HostId, static _ => new HostSession());
        var order = report.Sequence;
        bool reconcile;
        lock (session)
        {
            // A change before the whole list would be judged against nothing; the list that follows has it.
            if (order <= session.LastOrder || (!report.Full && !session.Synced && !session.Reconciling) || session.Incarnation > report.AgentIncarnation)
                return new ReportReceipt(report.Sequence);
            session.LastOrder = order;
            reconcile = report.Full && !session.Synced && !session.Reconciling;
            session.Reconciling |= reconcile;
            if (report.Full)
                session.LastComplete = time.GetTimestamp();
        }

        try
        {
            foreach (var domain in report.Domains)
                await bus.Call(new ObserveDomain(domain.VirtualMachineId, report.HostId, order, domain.State, domain.RunGeneration, domain.Reason, report.Full));
            if (report.Full)
                await ObserveAll(session, report, order);
        }
        catch
        {
            // The report is not taken in: its sender tells everything anew, and that begins again.
            lock (session)
            {
                session.Reconciling &= !reconcile;
                session.LastComplete = null;
            }

            throw;
        }

        if (reconcile)
            _ = Reconcile(report.HostId, session, report.AgentIncarnation);
        return new ReportReceipt(report.Sequence);
    }

    /// <summary>Looks for hosts that have fallen silent; ends with <paramref name="cancel"/>.</summary>
    public async Task Watch(CancellationToken cancel)
    {
        var last = time.GetTimestamp();
        while (!cancel.IsCancellationRequested)
        {
            await Task.Delay(WatchInterval, time, cancel);
            // Who did not listen cannot call anybody silent.
            var slept = time.GetElapsedTime(last) > 2 * WatchInterval;
            last = time.GetTimestamp();
            foreach (var (hostId, session) in _sessions.ToArray().OrderBy(s => s.Key))
            {
                try
                {
                    if (slept)
                        session.HeardAt = last;
                    else if (time.GetElapsedTime(session.HeardAt) > SilenceLimit && ownership.Hold(hostId) is { IsValid: true })
                        await Lose(hostId, session);
                }
                catch (Exception e) when (e is not FencedException)
                {
                    LogWatchFailed(log, hostId, e);
                }
            }

            await WriteHeard(slept);
            await FollowOthers();
        }
    }

    /// <summary>Writes down that hosts were heard, for those for which that was last done a while ago.</summary>
    private async Task WriteHeard(bool slept)
    {
        ProblemException? unwritten = null;
        List<Task> writes = [];
        foreach (var (hostId, session) in _sessions.ToArray().OrderBy(s => s.Key))
        {
            DateTimeOffset heardAt;
            lock (session)
            {
                var now = time.GetTimestamp();
                if (slept || !session.Synced || time.GetElapsedTime(session.WrittenAt, now) < WriteAgainAfter || session.HeardAt <= session.WrittenAt)
                    continue;
                if (writes.Count == WrittenTogether)
                    break;
                heardAt = Clock.Now(time) - time.GetElapsedTime(session.HeardAt, now);
                session.WrittenAt = now;
            }

            writes.Add(Again(hostId, session, heardAt));
        }

        await Task.WhenAll(writes);
        if (unwritten is not null)
            LogHeardNotWritten(log, unwritten.Problem.Code);

        async Task Again(Id hostId, HostSession session, DateTimeOffset heardAt)
        {
            try
            {
                await Write(hostId, session, heardAt, long.MaxValue, null);
                // A storage that was attached to the cluster at the moment at which the host connected.
                await PrepareStorages(hostId);
            }
            catch (ProblemException e)
            {
                // The database is away or full, for all of them: it is said once.
                unwritten = e;
            }
            catch (Exception e) when (e is not FencedException)
            {
                LogWatchFailed(log, hostId, e);
            }
        }
    }

    /// <summary>Hosts that were heard by the last owner count as heard now; those of other nodes are as their rows say.</summary>
    public async Task Gained(ShardSet shards)
    {
        foreach (var host in await store.List<Host>())
        {
            if (shards.Has(host.Id) && host.State is HostState.Connected or HostState.Reconciling)
                _sessions.GetOrAdd(host.Id, _ => new HostSession { HeardAt = time.GetTimestamp() });
            else
                Follow(host.Id, host.State);
        }
    }

    public void Lost(ShardSet shards)
    {
        foreach (var hostId in _sessions.Keys.Where(shards.Has))
            _sessions.TryRemove(hostId, out _);
    }

    /// <summary>What other nodes find out about their hosts.</summary>
    public void Committed(IReadOnlyList<Event> events)
    {
        foreach (var change in events)
        {
            if (change.ResourceType != "host")
                continue;
            if (change.Type == "host.deleted")
            {
                _sessions.TryRemove(change.ResourceId, out _);
                links.Remove(change.ResourceId);
            }
            else if (change.Data["state"]?.GetValue<string>() is { } text && Enum.TryParse<HostState>(text, ignoreCase: true, out var state))
            {
                Follow(change.ResourceId, state);
            }
        }
    }

    /// <summary>Events tell at once; the rows, a little later, also what a read that crossed them has missed.</summary>
    private async Task FollowOthers()
    {
        if (ownership.Peers.Count == 0)
            return;
        try
        {
            foreach (var (id, state) in await store.Select("SELECT id, state FROM hosts", [], row => (Id.Parse(row.GetString(0)), row.GetString(1))))
                Follow(id, Enum.Parse<HostState>(state, ignoreCase: true));
        }
        catch (ProblemException e)
        {
            LogFollowFailed(log, e);
        }
    }

    private void Follow(Id hostId, HostState state)
    {
        if (ownership.Hold(hostId) is not null)
            return;
        var link = state switch
        {
            HostState.Connected => HostLink.Connected,
            HostState.Reconciling => HostLink.Reconciling,
            _ => HostLink.Unreachable,
        };
        if (links.Of(hostId) != link)
            links.Set(hostId, link);
    }

    /// <summary>What the list does not name is not there; what it names and no row accounts for is an orphan.</summary>
    private async Task ObserveAll(HostSession session, HostReport report, long order)
    {
        await bus.Call(new ObserveOrphans(report.HostId, order, await OrphanSearch.Find(store, report)));
        var named = report.Domains.Select(d => d.VirtualMachineId).ToHashSet();
        foreach (var vm in await store.List<VirtualMachine>(Condition.Equal(nameof(VirtualMachine.PlacementHostId), report.HostId)))
        {
            if (!named.Contains(vm.Id) && IsSurelyLater(session, report, vm))
                await bus.Call(new ObserveDomain(vm.Id, report.HostId, order, DomainState.Absent, vm.RunGeneration, "not-on-host", Complete: true));
        }
    }

    /// <summary>
    /// Whether the list was made after the machine began to run. One that the network has kept back may be older; who was seen running by an earlier report
    /// cannot be missing from an older list, and of anybody else another list is asked for, made after the host has been answered once more.
    /// </summary>
    private static bool IsSurelyLater(HostSession session, HostReport report, VirtualMachine vm)
    {
        if (vm.SeenRunning == vm.RunGeneration || vm.State is not (VmState.Running or VmState.Paused))
            return true;
        lock (session)
        {
            if (session.Missing.TryGetValue((vm.Id, vm.RunGeneration), out var missedAt) && report.AnsweredHeartbeat > missedAt)
                return session.Missing.Remove((vm.Id, vm.RunGeneration));
            session.Missing.TryAdd((vm.Id, vm.RunGeneration), Math.Max(session.LastOrder, session.LastHeartbeat));
            session.LastComplete = null;
            return false;
        }
    }

    private async Task Reconcile(Id hostId, HostSession session, long incarnation)
    {
        var compared = false;
        try
        {
            while (!await cleanUp.Run(hostId))
            {
                if (links.Of(hostId) == HostLink.Unreachable)
                    return;
                await Task.Delay(TimeSpan.FromSeconds(5), time);
            }

            lock (session)
            {
                if (session.Incarnation != incarnation || links.Of(hostId) != HostLink.Reconciling || _sessions.GetValueOrDefault(hostId) != session)
                    return;
                session.Synced = true;
                // Whatever the agent's next start tells from now on is compared anew, though this has not quite ended.
                session.Reconciling = false;
                compared = true;
                links.Set(hostId, HostLink.Connected);
            }

            await Write(hostId, session, Clock.Now(time), long.MaxValue, null);
            LogConnected(log, hostId, incarnation);
            await PrepareStorages(hostId);
        }
        catch (Exception e) when (e is not FencedException)
        {
            lock (session)
                session.Synced = false;
            LogReconcileFailed(log, hostId, e);
        }
        finally
        {
            if (!compared)
            {
                lock (session)
                    session.Reconciling = false;
            }
        }
    }

    /// <summary>
    /// The row follows the link. One write at a time, and each writes what the link is by then: whichever is the last, what it leaves is true.
    /// </summary>
    private Task Write(Id hostId, HostSession session, DateTimeOffset? heardAt, long order, Heartbeat? heartbeat)
    {
        lock (session)
            return session.Written = WriteAfter(session.Written, hostId, heardAt, order, heartbeat);
    }

    private async Task WriteAfter(Task earlier, Id hostId, DateTimeOffset? heardAt, long order, Heartbeat? heartbeat)
    {
        await Task.Yield();
        await earlier.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing | ConfigureAwaitOptions.ContinueOnCapturedContext);
        var state = links.Of(hostId) switch
        {
            HostLink.Connected => HostState.Connected,
            HostLink.Reconciling => HostState.Reconciling,
            _ => HostState.Disconnected,
        };
        await bus.Call(new ObserveHost(hostId, state, heardAt, order, heartbeat));
    }

    /// <summary>Brings the storages of its cluster to a host that lacks some.</summary>
    private async Task PrepareStorages(Id hostId)
    {
        if (await bus.Call(new CountStoragesToPrepare(hostId)) > 0 && await store.Find<Host>(hostId) is { } host)
            await bus.Accept(new PrepareHostStorages(hostId), Caller.System(host.ProjectId), new AcceptOptions());
    }

    private async Task Lose(Id hostId, HostSession session)
    {
        lock (session)
        {
            session.Synced = false;
            if (links.Of(hostId) == HostLink.Unreachable && session.SaidLost)
                return;
            links.Set(hostId, HostLink.Unreachable);
            session.SaidLost = false;
        }

        await Write(hostId, session, null, long.MaxValue, null);
        foreach (var vm in await store.List<VirtualMachine>(Condition.Equal(nameof(VirtualMachine.PlacementHostId), hostId)))
            await bus.Call(new ObserveHostSilence(vm.Id, hostId));
        session.SaidLost = true;
        LogLost(log, hostId);
    }

    [LoggerMessage(Level = LogLevel.Information, Message = "Host {HostId} is connected (agent incarnation {Incarnation})")]
    private static partial void LogConnected(ILogger log, Id hostId, long incarnation);

    [LoggerMessage(Level = LogLevel.Warning, Message = "Host {HostId} is silent: its virtual machines are unknown")]
    private static partial void LogLost(ILogger log, Id hostId);

    [LoggerMessage(Level = LogLevel.Error, Message = "Host {HostId} could not be reconciled; its next heartbeat begins again")]
    private static partial void LogReconcileFailed(ILogger log, Id hostId, Exception e);

    [LoggerMessage(Level = LogLevel.Warning, Message = "The hosts of other managers could not be looked up")]
    private static partial void LogFollowFailed(ILogger log, Exception e);

    [LoggerMessage(Level = LogLevel.Warning, Message = "That hosts were heard could not be written down: {Code}")]
    private static partial void LogHeardNotWritten(ILogger log, string code);

    [LoggerMessage(Level = LogLevel.Error, Message = "Host {HostId} could not be watched")]
    private static partial void LogWatchFailed(ILogger log, Id hostId, Exception e);

    /// <summary>What this node remembers of one host since it heard of it.</summary>
    private sealed class HostSession
    {
        public long Incarnation { get; set; }
        public string? BootId { get; set; }
        public bool Synced { get; set; }
        public bool Reconciling { get; set; }
        public bool SaidLost { get; set; }
        public long LastOrder { get; set; }
        public long LastHeartbeat { get; set; }

        /// <summary>Machines that a whole list did not name though they should run, and the number up to which the host had been heard then.</summary>
        public Dictionary<(Id VirtualMachineId, long RunGeneration), long> Missing { get; } = [];

        public long HeardAt { get; set; }
        public long WrittenAt { get; set; }
        public long? LastComplete { get; set; }
        public Heartbeat? Last { get; set; }

        /// <summary>The last write of its row; never waited for by a reader.</summary>
        public Task Written { get; set; } = Task.CompletedTask;

        /// <summary>Free space changes all the time; less than a hundredth of the whole is no news.</summary>
        public bool SaysTheSame(Heartbeat next) =>
            Last is { } last && last.Capacity == next.Capacity && last.Storages.Count == next.Storages.Count &&
            last.Storages.Zip(next.Storages).All(pair =>
                pair.First with { AvailableBytes = 0 } == pair.Second with { AvailableBytes = 0 } &&
                Math.Abs(pair.First.AvailableBytes - pair.Second.AvailableBytes) < Math.Max(1, pair.Second.CapacityBytes / 100));
    }
}
