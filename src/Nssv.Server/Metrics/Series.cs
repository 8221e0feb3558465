namespace Nssv.Server.Metrics;

/// <summary>One metric with one set of labels: a number, or the buckets of a histogram. Written from many threads at once, without a lock.</summary>
internal sealed class Series(IReadOnlyList<double>? bounds)
{
    private readonly long[] _buckets = new long[bounds is null ? 0 : bounds.Count + 1];
    private double _value;

    /// <summary>The number; a histogram's sum.</summary>
    public double Value => Volatile.Read(ref _value);

    /// <summary>How many values fell into each bucket; the last one is for those above every bound.</summary>
    public long[] Buckets() => Array.ConvertAll(_buckets, count => count);

    public void Set(double value) => Volatile.Write(ref _value, value);

    public void Add(double value)
    {
        while (true)
        {
            var before = Volatile.Read(ref _value);
            if (BitConverter.DoubleToInt64Bits(Interlocked.CompareExchange(ref _value, before + value, before)) == BitConverter.DoubleToInt64Bits(before))
                return;
        }
    }

    public void Observe(double value)
    {
        var bucket = 0;
        while (bucket < bounds!.Count && value > bounds[bucket])
            bucket++;
        Interlocked.Increment(ref _buckets[bucket]);
        Add(value);
    }
}
