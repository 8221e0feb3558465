using System.Diagnostics.Metrics;

namespace Nssv.Kernel.Data;

/// <summary>What the writer counts of itself.</summary>
public sealed class WriterMetrics
{
    private readonly Meter _meter;
    private readonly Counter<long> _units;
    private readonly Counter<long> _failures;
    private readonly Histogram<double> _duration;

    public WriterMetrics(Meter meter)
    {
        _meter = meter;
        _units = meter.CreateCounter<long>("nssv_commit_units_total", null, "Units of work that were committed.");
        _failures = meter.CreateCounter<long>("nssv_commit_failures_total", null, "Batches that could not be committed; their units were then tried one by one, or refused.");
        _duration = meter.CreateHistogram("nssv_commit_batch_duration_seconds", null, "Time that a batch of units took to be durable.",
            advice: new InstrumentAdvice<double> { HistogramBucketBoundaries = [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5] });
    }

    /// <summary>Begins to show how long the queue is.</summary>
    internal void Watch(Writer writer) =>
        _meter.CreateObservableGauge("nssv_writer_queue_units", () => writer.Queued, null, "Units of work that wait for the database's writer.");

    internal void Committed(int units, TimeSpan took)
    {
        _units.Add(units);
        _duration.Record(took.TotalSeconds);
    }

    internal void Failed() => _failures.Add(1);
}
