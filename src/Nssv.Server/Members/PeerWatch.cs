using System.Collections.Concurrent;
using Nssv.Kernel.Ownership;
using Nssv.Kernel.Peers;
using Nssv.Server.Peers;

namespace Nssv.Server.Members;

/// <summary>How this node sees the others: when each last renewed its lease, and whether it answers. It decides nothing; people look at it.</summary>
internal sealed class PeerWatch(IServiceProvider services, TimeProvider time) : BackgroundService
{
    private static readonly TimeSpan Interval = TimeSpan.FromMilliseconds(250);
    private static readonly TimeSpan PingEvery = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(3);

    private readonly ConcurrentDictionary<Id, Renewal> _renewals = new();
    private readonly ConcurrentDictionary<Id, PeerHealth> _health = new();

    /// <summary>How long ago the member renewed its lease, as far as this node has seen; null when it has not seen it yet.</summary>
    public TimeSpan? LeaseAge(Id memberId) => _renewals.TryGetValue(memberId, out var renewal) ? time.GetElapsedTime(renewal.SeenAt) : null;

    /// <summary>Null when it was not asked yet.</summary>
    public PeerHealth? Health(Id memberId) => _health.GetValueOrDefault(memberId);

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        var membership = services.GetRequiredService<Membership>();
        var transport = services.GetRequiredService<HttpPeerTransport>();
        using var timer = new PeriodicTimer(Interval, time);
        Dictionary<Id, long> asked = [];
        try
        {
            while (await timer.WaitForNextTickAsync(stoppingToken))
            {
                See(membership.Members);
                foreach (var peer in membership.Peers)
                {
                    if (asked.TryGetValue(peer.MemberId, out var at) && time.GetElapsedTime(at) < PingEvery)
                        continue;
                    asked[peer.MemberId] = time.GetTimestamp();
                    _ = Ask(transport, peer, stoppingToken);
                }
            }
        }
        catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
        {
            // The manager stops.
        }
    }

    private void See(IReadOnlyList<MemberLease> members)
    {
        foreach (var member in members)
        {
            if (!_renewals.TryGetValue(member.MemberId, out var seen) || (seen.Generation, seen.Renewals) != (member.Generation, member.Renewals))
                _renewals[member.MemberId] = new(member.Generation, member.Renewals, time.GetTimestamp());
        }

        foreach (var gone in _renewals.Keys.Except(members.Select(member => member.MemberId)))
        {
            _renewals.TryRemove(gone, out _);
            _health.TryRemove(gone, out _);
        }
    }

    private async Task Ask(HttpPeerTransport transport, PeerAddress peer, CancellationToken stopping)
    {
        var begun = time.GetTimestamp();
        using var limit = new CancellationTokenSource(Patience, time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(limit.Token, stopping);
        try
        {
            await transport.Ping(peer, either.Token);
            _health[peer.MemberId] = new(PeerState.Answers, time.GetUtcNow(), time.GetElapsedTime(begun));
        }
        catch (PeerUnreachableException)
        {
            var last = _health.GetValueOrDefault(peer.MemberId);
            _health[peer.MemberId] = new(PeerState.Silent, last?.AnsweredAt, last?.RoundTrip);
        }
    }

    private readonly record struct Renewal(long Generation, long Renewals, long SeenAt);
}

/// <param name="AnsweredAt">Last; null: never.</param>
/// <param name="RoundTrip">Of that answer.</param>
internal sealed record PeerHealth(PeerState State, DateTimeOffset? AnsweredAt, TimeSpan? RoundTrip);

/// <summary>Whether another management node answers this one.</summary>
internal enum PeerState { Answers, Silent }
