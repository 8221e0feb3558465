using System.Diagnostics.Metrics;
using Nssv.Kernel.Data;
using Nssv.Kernel.Events;
using Nssv.Server.Admission;

namespace Nssv.Server.Metrics;

/// <summary>Ends of the operations that this node has carried out; those of other nodes are counted there.</summary>
internal sealed class OperationMetrics(UnfinishedOperations unfinished, Meter meter) : ICommitObserver
{
    private readonly Counter<long> _ended = meter.CreateCounter<long>("nssv_operations_ended_total", null, "Operations that have ended on this node.");
    private readonly Histogram<double> _duration = meter.CreateHistogram("nssv_operation_duration_seconds", null, "Time from an operation's acceptance to its end, by its flow.",
        advice: new InstrumentAdvice<double> { HistogramBucketBoundaries = [0.01, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300, 900, 3600] });

    public void Committed(IReadOnlyList<Event> events)
    {
        foreach (var item in events)
        {
            if (item.ResourceType == "operation" && item.Data["state"]?.GetValue<string>() is { } state && UnfinishedOperations.IsEnd(state))
                Ended(item, state);
        }
    }

    private void Ended(Event item, string state)
    {
        // What has nothing to run ends as it is accepted.
        var known = item.Type == "operation.created" ? (item.Data["kind"]!.GetValue<string>(), item.At) : unfinished.Find(item.ResourceId);
        if (known is not var (kind, acceptedAt))
            return; // a state that is written once more, such as that of clean-up which is done later
        _ended.Add(1, new("kind", kind), new("state", state));
        _duration.Record((item.At - acceptedAt).TotalSeconds, new KeyValuePair<string, object?>("kind", kind));
    }
}
