using System.Collections.Concurrent;
using System.Diagnostics.Metrics;

namespace Nssv.Server.Metrics;

/// <summary>Listens to one meter and keeps what its instruments say until somebody scrapes it.</summary>
internal sealed class MetricRegistry : IDisposable
{
    private readonly Lock _gate = new();
    private readonly ConcurrentDictionary<string, Family> _families = new(StringComparer.Ordinal);
    private readonly MeterListener _listener = new();
    private readonly Counter<long> _dropped;

    /// <param name="meter">Of this node; other meters of the process are passed over.</param>
    public MetricRegistry(Meter meter)
    {
        _listener.InstrumentPublished = (instrument, listener) =>
        {
            if (ReferenceEquals(instrument.Meter, meter))
                listener.EnableMeasurementEvents(instrument, Add(instrument));
        };
        _listener.SetMeasurementEventCallback<double>(static (_, value, labels, family) => ((Family)family!).Record(value, labels));
        _listener.SetMeasurementEventCallback<long>(static (_, value, labels, family) => ((Family)family!).Record(value, labels));
        _listener.SetMeasurementEventCallback<int>(static (_, value, labels, family) => ((Family)family!).Record(value, labels));
        _dropped = meter.CreateCounter<long>("nssv_metric_values_dropped_total", null, "Values that were not counted because their metric has too many sets of labels.");
        _listener.Start();
        _dropped.Add(0);
    }

    /// <summary>Every metric as it is now, in the text format.</summary>
    public string Expose()
    {
        // One scrape at a time: what is observed is asked for anew by each.
        lock (_gate)
        {
            foreach (var family in _families.Values.Where(family => family.IsObserved))
                family.Clear();
            _listener.RecordObservableInstruments();
            return Exposition.Of(_families.Values.OrderBy(family => family.Name, StringComparer.Ordinal));
        }
    }

    public void Dispose() => _listener.Dispose();

    private Family Add(Instrument instrument)
    {
        var family = new Family(instrument, () => _dropped.Add(1));
        return _families.TryAdd(family.Name, family) ? family : throw new InvalidOperationException($"Two metrics are named {family.Name}.");
    }
}
