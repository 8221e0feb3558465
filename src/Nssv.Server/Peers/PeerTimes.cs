using System.Collections.Concurrent;
using System.Diagnostics.Metrics;

namespace Nssv.Server.Peers;

/// <summary>How long calls to each peer took.</summary>
internal sealed class PeerTimes(Meter meter)
{
    private const int Kept = 1_024;
    private readonly ConcurrentDictionary<Id, Ring> _rings = new();
    private readonly Histogram<double> _duration = meter.CreateHistogram("nssv_forwarded_call_duration_seconds", null, "Time of a call to the management node that owns its resource.",
        advice: new InstrumentAdvice<double> { HistogramBucketBoundaries = [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 5, 30] });

    public void Answered(Id memberId, TimeSpan took)
    {
        _duration.Record(took.TotalSeconds);
        _rings.GetOrAdd(memberId, static _ => new Ring()).Add(took.TotalMilliseconds);
    }

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
