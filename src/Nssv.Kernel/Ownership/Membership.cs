using Microsoft.Extensions.Logging;
using Nssv.Kernel.Data;
using Nssv.Kernel.Events;
using Nssv.Kernel.Peers;

namespace Nssv.Kernel.Ownership;

/// <summary>Times of a member's life.</summary>
public sealed record MembershipOptions
{
    /// <summary>A member that has not renewed for so long is taken over.</summary>
    public TimeSpan Lease { get; init; } = TimeSpan.FromSeconds(3);

    /// <summary>Between two renewals.</summary>
    public TimeSpan Interval { get; init; } = TimeSpan.FromMilliseconds(500);

    /// <summary>Part of the lease after which the member itself believes in it no more: room for clocks that run at different speeds.</summary>
    public double OwnShare { get; init; } = 0.8;
}

/// <summary>This start as its peers see it.</summary>
public sealed record MemberAddresses(string Name, string ProductVersion, long Level, string PeerUrl, string AgentUrl, string ApiUrl);

/// <summary>
/// Ownership among several nodes. Each renews its lease, looks who else lives, gives shards that belong to another, and claims its own that are free. A node
/// stops its turns by itself before its lease can have run out, and goes on if nobody has taken over meanwhile; that it writes nothing more if somebody has
/// is the fence's doing, and that hosts hear nobody old is the epoch's.
/// </summary>
public sealed partial class Membership : IOwnership, IDisposable
{
    private readonly Lock _gate = new();
    private readonly MembershipTable _table;
    private readonly MemberFence _fence;
    private readonly IWriter _writer;
    private readonly EventStream _events;
    private readonly PeerBells _bells;
    private readonly TimeProvider _time;
    private readonly IChance _chance;
    private readonly MembershipOptions _options;
    private readonly MemberAddresses _addresses;
    private readonly LiveLevels _levels;
    private readonly Action _fenced;
    private readonly ILogger<Membership> _log;
    private readonly List<IShardListener> _listeners = [];
    private readonly CancellationTokenSource _stopping = new();
    private volatile IReadOnlyDictionary<Id, (MemberLease Lease, long Since)> _seen = new Dictionary<Id, (MemberLease Lease, long Since)>();
    private CancellationTokenSource _hurry = new();
    private volatile ShardHold?[] _holds = new ShardHold?[Shards.Count];
    private volatile Id?[] _owners = new Id?[Shards.Count];
    private volatile IReadOnlyDictionary<Id, PeerAddress> _addressOf = new Dictionary<Id, PeerAddress>();
    private volatile IReadOnlyList<MemberLease> _members = [];
    private MembershipView? _view;
    private long _renewedAt;
    private volatile bool _standsAside;
    private bool _ended;

    /// <param name="fenced">Called once when another node has taken over from this start: it must end.</param>
    public Membership(
        Database database, MemberFence fence, IWriter writer, EventStream events, IPeerTransport peers, TimeProvider time, IChance chance, MembershipOptions options,
        MemberAddresses addresses, Action fenced, ILogger<Membership> log)
    {
        (_table, _fence, _writer, _events, _time, _chance) = (new(database, fence), fence, writer, events, time, chance);
        _bells = new(peers, time, options.Lease);
        (_options, _addresses, _fenced, _log) = (options, addresses, fenced, log);
        _levels = new LiveLevels(addresses.Level, time);
        events.Own = _bells.Ring;
    }

    public IReadOnlyList<PeerAddress> Peers => [.. _addressOf.Values];

    /// <inheritdoc/>
    public bool StandsAside => _standsAside;

    /// <inheritdoc/>
    public IReadOnlyList<string> AgentUrls => [.. _members.Select(member => member.AgentUrl)];

    /// <summary>All live members, as last seen.</summary>
    public IReadOnlyList<MemberLease> Members => _members;

    /// <summary>Those of them who share the shards; the others stand aside.</summary>
    public IReadOnlySet<Id> Serving => MembershipPlan.Serving(_members);

    /// <summary>How long ago the member renewed its lease, as far as this node has seen; null when it has not seen it yet.</summary>
    public TimeSpan? LeaseAge(Id member) => _seen.TryGetValue(member, out var seen) ? _time.GetElapsedTime(seen.Since) : null;

    /// <summary>How the peer has answered this node's bell; null when it has not been rung yet.</summary>
    public PeerHealth? HealthOf(Id peer) => _bells.HealthOf(peer);

    /// <inheritdoc/>
    public long Level => _levels.Lowest;

    /// <inheritdoc/>
    public long HighestLevel => _levels.Highest;

    /// <inheritdoc/>
    public ShardHold? Hold(Id resource) => _holds[Shards.Of(resource)];

    /// <inheritdoc/>
    public PeerAddress? OwnerOf(Id resource) => _owners[Shards.Of(resource)] is { } owner ? _addressOf.GetValueOrDefault(owner) : null;

    /// <inheritdoc/>
    public void Listen(IShardListener listener) => _listeners.Add(listener);

    /// <summary>Joins, claims what is free, and goes on renewing until <see cref="Dispose"/>.</summary>
    public async Task Start()
    {
        _table.Join(new MemberLease
        {
            MemberId = _fence.Member,
            Generation = _fence.Generation,
            Renewals = 0,
            Name = _addresses.Name,
            ProductVersion = _addresses.ProductVersion,
            Level = _addresses.Level,
            PeerUrl = _addresses.PeerUrl,
            AgentUrl = _addresses.AgentUrl,
            ApiUrl = _addresses.ApiUrl,
            JoinedAt = Clock.Now(_time),
        });
        try
        {
            await Round();
        }
        catch (Exception e) when (e is ProblemException or OutcomeUnknownException)
        {
            // It is a member, and holds nothing yet: the next rounds go on.
            LogRoundFailed(_log, e.Message);
        }

        _ = Live();
    }

    /// <inheritdoc/>
    public void LookSoon()
    {
        lock (_gate)
        {
            _hurry.Cancel();
            _hurry = new();
        }
    }

    /// <summary>Gives everything away in order, so that the others need not wait for the lease to run out.</summary>
    public async Task Leave()
    {
        _stopping.Cancel();
        _ended = true;
        Drop(Enumerable.Range(0, Shards.Count).Where(shard => _holds[shard] is not null));
        try
        {
            // What was decided before is written before.
            await _writer.Commit(_table.Release([.. Enumerable.Range(0, Shards.Count)]));
            _table.Leave();
            await _bells.TellOfMembers();
        }
        catch (Exception e) when (e is not FencedException)
        {
            // The database is away: the others take over when the lease has run out.
            LogRoundFailed(_log, e.Message);
        }
        catch (FencedException)
        {
            // Taken over already.
        }
    }

    public void Dispose() => _stopping.Cancel();

    private bool LeaseIsValid() => !_ended && _time.GetElapsedTime(Volatile.Read(ref _renewedAt)) < _options.Lease * _options.OwnShare;

    private async Task Live()
    {
        while (!_stopping.IsCancellationRequested)
        {
            await Pause(_options.Interval * (0.9 + 0.2 * _chance.Next()));
            if (_stopping.IsCancellationRequested)
                return;
            try
            {
                await Round();
            }
            catch (Exception e) when (e is not FencedException)
            {
                // The database is away. Turns stop when the lease has run out, and go on when it can be renewed.
                LogRoundFailed(_log, e.Message);
            }
            catch (FencedException)
            {
                return;
            }
        }
    }

    private async Task Round()
    {
        var before = _time.GetTimestamp();
        if (_table.Renew(_view, _bells.Silent) is not { } view)
        {
            End();
            return;
        }

        // Whoever sees this renewal sees it later than this moment.
        Volatile.Write(ref _renewedAt, before);
        _events.Heard(view.Head);
        _view = view;
        Look(view);
        var plan = MembershipPlan.Decide(view, _fence.Member, Held(), HasRunOut);
        if (plan.StandsAside != _standsAside)
        {
            _standsAside = plan.StandsAside;
            LogStandsAside(_log, plan.StandsAside ? "stands aside: it and other management nodes do not hear each other" : "no longer stands aside");
        }

        var freed = false;
        foreach (var dead in plan.Dead)
        {
            if (_table.TakeOver(dead))
            {
                LogTakenOver(_log, dead.MemberId, dead.Name);
                freed = true;
            }
        }

        if (plan.Release.Count > 0)
        {
            Drop(plan.Release);
            await _writer.Commit(_table.Release(plan.Release));
            LogReleased(_log, plan.Release.Count);
            freed = true;
        }

        if (freed)
            _ = _bells.TellOfMembers();
        // A member that was just removed is no longer looked at, so its shards are free for this one in the next plan at once.
        if (plan.Dead.Count > 0)
            LookSoon();
        if (plan.Claim.Count > 0)
            await Claim(plan.Claim);
    }

    private async Task Claim(IReadOnlyList<int> wanted)
    {
        var claimed = _table.Claim(wanted);
        if (claimed.Count == 0)
            return;
        var shards = new ShardSet(claimed.Keys);
        List<ShardHold> holds = [];
        lock (_gate)
        {
            var now = (ShardHold?[])_holds.Clone();
            var owners = (Id?[])_owners.Clone();
            foreach (var (shard, epoch) in claimed)
            {
                now[shard]?.Drop();
                now[shard] = new ShardHold(epoch, LeaseIsValid);
                owners[shard] = _fence.Member;
                holds.Add(now[shard]!);
            }

            (_holds, _owners) = (now, owners);
        }

        foreach (var listener in _listeners)
            await UntilDone(() => listener.Gained(shards));
        foreach (var hold in holds)
            hold.BecomeReady();
        LogClaimed(_log, claimed.Count);
        _ = _bells.TellOfMembers();
    }

    /// <summary>What was left on a shard must be taken up before anything new: while the database refuses, it waits.</summary>
    private async Task UntilDone(Func<Task> work)
    {
        while (true)
        {
            try
            {
                await work();
                return;
            }
            catch (Exception e) when (e is ProblemException or OutcomeUnknownException)
            {
                LogRoundFailed(_log, e.Message);
                await Task.Delay(_options.Interval, _time, _stopping.Token);
            }
        }
    }

    private void Look(MembershipView view)
    {
        var now = _time.GetTimestamp();
        _seen = view.Members.ToDictionary(member => member.MemberId, member =>
            _seen.TryGetValue(member.MemberId, out var seen) && (seen.Lease.Renewals, seen.Lease.Generation) == (member.Renewals, member.Generation) ? seen : (member, now));
        _members = view.Members;
        _levels.Look([.. view.Members.Select(member => member.Level)]);
        _addressOf = view.Members.Where(member => member.MemberId != _fence.Member && member.PeerUrl.Length > 0)
            .ToDictionary(member => member.MemberId, member => new PeerAddress(member.MemberId, member.PeerUrl, member.AgentUrl));
        _bells.Look(_addressOf, view.Head);
        var owners = new Id?[Shards.Count];
        foreach (var shard in view.Shards)
            owners[shard.Number] = shard.MemberId;
        _owners = owners;
    }

    private bool HasRunOut(MemberLease member) => _time.GetElapsedTime(_seen[member.MemberId].Since) >= _options.Lease;

    private HashSet<int> Held()
    {
        var holds = _holds;
        return [.. Enumerable.Range(0, Shards.Count).Where(shard => holds[shard] is not null)];
    }

    private void Drop(IEnumerable<int> shards)
    {
        List<int> dropped = [.. shards];
        lock (_gate)
        {
            var now = (ShardHold?[])_holds.Clone();
            foreach (var shard in dropped)
            {
                now[shard]?.Drop();
                now[shard] = null;
            }

            _holds = now;
        }

        var lost = new ShardSet(dropped);
        foreach (var listener in _listeners)
            listener.Lost(lost);
    }

    /// <summary>Another node has taken over: nothing of this start counts any more.</summary>
    private void End()
    {
        if (_ended)
            return;
        _ended = true;
        LogFenced(_log);
        _stopping.Cancel();
        Drop(Enumerable.Range(0, Shards.Count));
        _fenced();
    }

    private async Task Pause(TimeSpan time)
    {
        CancellationToken hurry;
        lock (_gate)
            hurry = _hurry.Token;
        using var either = CancellationTokenSource.CreateLinkedTokenSource(hurry, _stopping.Token);
        try
        {
            await Task.Delay(time, _time, either.Token);
        }
        catch (OperationCanceledException)
        {
            // Hurried, or stopping: the loop looks.
        }
    }
}
