using Nssv.Kernel.Ownership;

namespace Nssv.Kernel.Peers;

/// <summary>
/// Tells the other members what they would find by themselves a little later. Bells are rung also when there is nothing to tell, so that this node knows which of the
/// others answer it.
/// </summary>
/// <param name="lease">How long one bell may take.</param>
internal sealed class PeerBells(IPeerTransport transport, TimeProvider time, TimeSpan lease)
{
    private readonly Lock _gate = new();
    private readonly Dictionary<Id, Line> _lines = [];

    /// <summary>Those who have not answered for two leases, however often they were asked; each until it has answered for a lease.</summary>
    public IReadOnlyList<Id> Silent
    {
        get
        {
            lock (_gate)
                return [.. _lines.Where(line => line.Value.Answers.IsSilent).Select(line => line.Key).Order()];
        }
    }

    /// <summary>How the peer answered last; null when it has not been asked yet.</summary>
    public PeerHealth? HealthOf(Id peer)
    {
        lock (_gate)
            return _lines.GetValueOrDefault(peer)?.Health;
    }

    /// <summary>Who lives now. The bell of those who have heard none for a third of a lease is rung.</summary>
    /// <param name="head">Number of the last event.</param>
    public void Look(IReadOnlyDictionary<Id, PeerAddress> peers, long head)
    {
        List<Line> quiet = [];
        lock (_gate)
        {
            foreach (var gone in _lines.Keys.Where(id => !peers.ContainsKey(id)).ToList())
                _lines.Remove(gone);
            foreach (var (id, address) in peers)
            {
                if (!_lines.TryGetValue(id, out var line) || line.Address != address)
                    _lines[id] = line = new Line(address, lease) { Newest = head };
                if (!line.UnderWay && (line.RungAt is not { } last || time.GetElapsedTime(last) >= lease / 3))
                {
                    line.UnderWay = true;
                    quiet.Add(line);
                }
            }
        }

        foreach (var line in quiet)
            _ = Ring(line);
    }

    /// <summary>Events are there: to each member goes one bell at a time, with the newest number.</summary>
    public void Ring(long sequence)
    {
        List<Line> free = [];
        lock (_gate)
        {
            foreach (var line in _lines.Values)
            {
                line.Newest = sequence;
                if (!line.UnderWay)
                {
                    line.UnderWay = true;
                    free.Add(line);
                }
            }
        }

        foreach (var line in free)
            _ = Ring(line);
    }

    /// <summary>Members or shards have changed. Comes back when each has been told, or could not be.</summary>
    public Task TellOfMembers()
    {
        List<Line> lines;
        lock (_gate)
            lines = [.. _lines.Values];
        return Task.WhenAll(lines.Select(line => Send(line.Address, new PeerBell(null))));
    }

    private async Task Ring(Line line)
    {
        await Task.Yield();
        while (true)
        {
            long newest;
            var begun = time.GetTimestamp();
            lock (_gate)
                (newest, line.RungAt) = (line.Newest, begun);
            var answered = await Send(line.Address, new PeerBell(newest));
            var now = time.GetTimestamp();
            lock (_gate)
            {
                line.Answers.Heard(answered, time.GetElapsedTime(0, begun), time.GetElapsedTime(0, now));
                line.Health = answered
                    ? new PeerHealth(true, Clock.Now(time), time.GetElapsedTime(begun, now))
                    : new PeerHealth(false, line.Health?.AnsweredAt, line.Health?.RoundTrip);
                if (line.Newest == newest)
                {
                    line.UnderWay = false;
                    return;
                }
            }
        }
    }

    private async Task<bool> Send(PeerAddress peer, PeerBell bell)
    {
        try
        {
            using var limit = new CancellationTokenSource(lease, time);
            await transport.Send(peer, bell, limit.Token);
            return true;
        }
        catch (Exception)
        {
            // Whatever it was: it has not answered.
            return false;
        }
    }

    private sealed class Line(PeerAddress address, TimeSpan lease)
    {
        public PeerAddress Address { get; } = address;
        public PeerAnswers Answers { get; } = new(lease);
        public long Newest { get; set; }
        public bool UnderWay { get; set; }

        public PeerHealth? Health { get; set; }

        /// <summary>When it was last begun; null: never.</summary>
        public long? RungAt { get; set; }
    }
}

/// <summary>Whether a peer answers this node.</summary>
/// <param name="AnsweredAt">Last; null: never.</param>
/// <param name="RoundTrip">Of that answer.</param>
public sealed record PeerHealth(bool Answers, DateTimeOffset? AnsweredAt, TimeSpan? RoundTrip);
