using System.Collections.Concurrent;
using System.Diagnostics.Metrics;

namespace Nssv.Server.Metrics;

/// <summary>All series of one instrument.</summary>
internal sealed class Family
{
    /// <summary>More sets of labels than this are not counted: what grows without end is no metric.</summary>
    public const int MostSeries = 1_000;

    private readonly ConcurrentDictionary<KeyValuePair<string, object?>[], Series> _series = new(LabelComparer.Instance);
    private readonly ConcurrentDictionary<KeyValuePair<string, object?>[], Series>.AlternateLookup<ReadOnlySpan<KeyValuePair<string, object?>>> _byLabels;
    private readonly Action _dropped;
    private int _count;

    /// <param name="dropped">Called for a value whose labels are one set too many.</param>
    public Family(Instrument instrument, Action dropped)
    {
        (Name, Help, _dropped) = (instrument.Name, instrument.Description ?? instrument.Name, dropped);
        var type = instrument.GetType();
        var kind = type.IsGenericType ? type.GetGenericTypeDefinition() : type;
        Kind = kind == typeof(Histogram<>) ? FamilyKind.Histogram : kind == typeof(Counter<>) || kind == typeof(ObservableCounter<>) ? FamilyKind.Counter : FamilyKind.Gauge;
        IsAbsolute = instrument.IsObservable || kind == typeof(Gauge<>);
        IsObserved = instrument.IsObservable;
        Bounds = Kind == FamilyKind.Histogram ? (instrument as Histogram<double>)?.Advice?.HistogramBucketBoundaries ?? throw new InvalidOperationException($"{Name}: a histogram needs its buckets") : null;
        _byLabels = _series.GetAlternateLookup<ReadOnlySpan<KeyValuePair<string, object?>>>();
    }

    public string Name { get; }
    public string Help { get; }
    public FamilyKind Kind { get; }
    public IReadOnlyList<double>? Bounds { get; }

    /// <summary>Its values are asked for at each scrape.</summary>
    public bool IsObserved { get; }

    private bool IsAbsolute { get; }

    public IEnumerable<KeyValuePair<KeyValuePair<string, object?>[], Series>> Series => _series;

    public void Record(double value, ReadOnlySpan<KeyValuePair<string, object?>> labels)
    {
        if (!_byLabels.TryGetValue(labels, out var series))
        {
            if (Interlocked.Increment(ref _count) > MostSeries)
            {
                Interlocked.Decrement(ref _count);
                _dropped();
                return;
            }
            var made = new Series(Bounds);
            if (!_series.TryAdd(labels.ToArray(), made))
                Interlocked.Decrement(ref _count);
            _byLabels.TryGetValue(labels, out series);
        }
        if (Kind == FamilyKind.Histogram)
            series!.Observe(value);
        else if (IsAbsolute)
            series!.Set(value);
        else
            series!.Add(value);
    }

    /// <summary>What is asked for anew may have other labels by now.</summary>
    public void Clear()
    {
        _series.Clear();
        _count = 0;
    }

    /// <summary>Compares labels in the order in which they are given, so that a lookup makes nothing.</summary>
    private sealed class LabelComparer : IEqualityComparer<KeyValuePair<string, object?>[]>, IAlternateEqualityComparer<ReadOnlySpan<KeyValuePair<string, object?>>, KeyValuePair<string, object?>[]>
    {
        public static readonly LabelComparer Instance = new();

        public bool Equals(KeyValuePair<string, object?>[]? x, KeyValuePair<string, object?>[]? y) => Equals(x.AsSpan(), y!);

        public bool Equals(ReadOnlySpan<KeyValuePair<string, object?>> alternate, KeyValuePair<string, object?>[] other)
        {
            if (alternate.Length != other.Length)
                return false;
            for (var i = 0; i < other.Length; i++)
            {
                if (alternate[i].Key != other[i].Key || !object.Equals(alternate[i].Value, other[i].Value))
                    return false;
            }
            return true;
        }

        public int GetHashCode(KeyValuePair<string, object?>[] labels) => GetHashCode(labels.AsSpan());

        public int GetHashCode(ReadOnlySpan<KeyValuePair<string, object?>> labels)
        {
            var hash = new HashCode();
            foreach (var label in labels)
                hash.Add(label.Value);
            return hash.ToHashCode();
        }

        public KeyValuePair<string, object?>[] Create(ReadOnlySpan<KeyValuePair<string, object?>> labels) => labels.ToArray();
    }
}

internal enum FamilyKind { Counter, Gauge, Histogram }
