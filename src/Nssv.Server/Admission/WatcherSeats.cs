using System.Diagnostics.Metrics;

namespace Nssv.Server.Admission;

/// <summary>How many may watch at one time: of the node, and of one account, whose share shrinks as others watch too.</summary>
internal sealed class WatcherSeats
{
    private const int RetryAfterSeconds = 5;

    private readonly Lock _gate = new();
    private readonly AdmissionLimits _limits;
    private readonly Dictionary<Id, int> _taken = [];
    private readonly Counter<long> _dropped;
    private int _all;

    public WatcherSeats(AdmissionLimits limits, Meter meter)
    {
        _limits = limits;
        meter.CreateObservableGauge("nssv_watchers", () => Watching, null, "Streams of changes that are open on this node.");
        _dropped = meter.CreateCounter<long>("nssv_watchers_dropped_total", null, "Watchers that this node cut off because they did not keep up, or because their question could not be answered any more.");
        _dropped.Add(0);
    }

    public int Watching
    {
        get
        {
            lock (_gate)
                return _all;
        }
    }

    public void Dropped() => _dropped.Add(1);

    /// <summary>Dispose of the seat when the watcher has gone.</summary>
    /// <exception cref="ProblemException">429 too-many-watchers.</exception>
    public IDisposable Take(Id account)
    {
        lock (_gate)
        {
            var own = _taken.GetValueOrDefault(account);
            var share = Math.Max(_limits.Watchers / (_taken.Count + (own == 0 ? 1 : 0) + 1), Math.Min(_limits.LeastShare, _limits.Watchers));
            if (_all >= _limits.Watchers || own >= share)
                throw TooMany(own >= share ? $"This account watches {own} times; its share is {share}." : $"{_all} watch on this node, as many as may.").AsException();
            _taken[account] = own + 1;
            _all++;
            return new Seat(this, account);
        }
    }

    private void Leave(Id account)
    {
        lock (_gate)
        {
            _all--;
            if (--_taken[account] == 0)
                _taken.Remove(account);
        }
    }

    private static Problem TooMany(string detail) => new(429, "too-many-watchers", "Too many watch at one time.", detail, "Watch several things with one filter, close streams that nobody reads, or ask another management node.")
    {
        RetryAfterSeconds = RetryAfterSeconds,
    };

    private sealed class Seat(WatcherSeats seats, Id account) : IDisposable
    {
        private int _left;

        public void Dispose()
        {
            if (Interlocked.Exchange(ref _left, 1) == 0)
                seats.Leave(account);
        }
    }
}
