using System.Collections.Concurrent;

namespace Nssv.Server.Peers;

/// <summary>How long the last calls to each peer took.</summary>
internal sealed class PeerTimes
{
    private const int Kept = 1_024;
    private readonly ConcurrentDictionary<Id, Ring> _rings = new();

    public void Answered(Id memberId, TimeSpan took) => _rings.GetOrAdd(memberId, static _ => new Ring()).Add(took.TotalMilliseconds);

    /// <summary>Of the last 1,024 calls; null when there was none.</summary>
    public CallTimes? Of(Id memberId) => _rings.TryGetValue(memberId, out var ring) ? ring.Read() : null;

    private sealed class Ring
    {
        private readonly Lock _gate = new();
        private readonly double[] _milliseconds = new double[Kept];
        private long _count;

        public void Add(double milliseconds)
        {
            lock (_gate)
                _milliseconds[_count++ % Kept] = milliseconds;
        }

        public CallTimes Read()
        {
            double[] sorted;
            long count;
            lock (_gate)
            {
                count = _count;
                sorted = _milliseconds[..(int)Math.Min(count, Kept)];
            }

            Array.Sort(sorted);
            return new(count, sorted[(sorted.Length - 1) / 2], sorted[(sorted.Length - 1) * 99 / 100]);
        }
    }
}

/// <summary>Calls that this node sent to another since it started, and how long the last 1,024 of them took.</summary>
internal sealed record CallTimes(long Count, double MedianMilliseconds, double P99Milliseconds);
