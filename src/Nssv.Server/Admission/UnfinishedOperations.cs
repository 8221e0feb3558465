using System.Diagnostics.Metrics;
using System.Text.Json.Nodes;
using Nssv.Kernel.Data;
using Nssv.Kernel.Events;
using Nssv.Kernel.Operations;

namespace Nssv.Server.Admission;

/// <summary>The operations that were accepted and have not ended, counted as their events are committed: by kind and state, and by whose they are.</summary>
internal sealed class UnfinishedOperations : ICommitObserver
{
    private static readonly string[] Ended = [Text(OperationState.Succeeded), Text(OperationState.Failed), Text(OperationState.NeedsAttention)];

    private readonly Lock _gate = new();
    private readonly Dictionary<Id, Entry> _entries = [];
    private readonly Dictionary<Id, int> _roots = [];
    private readonly Counter<long> _ended;
    private readonly Histogram<double> _duration;
    private long _endedRoots;
    private int _rootCount;

    public UnfinishedOperations(Meter meter)
    {
        meter.CreateObservableGauge("nssv_operations", Measure, null, "Operations that were accepted and have not ended.");
        _ended = meter.CreateCounter<long>("nssv_operations_ended_total", null, "Operations that have ended.");
        _duration = meter.CreateHistogram("nssv_operation_duration_seconds", null, "Time from an operation's acceptance to its end, by its flow.",
            advice: new InstrumentAdvice<double> { HistogramBucketBoundaries = [0.01, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300, 900, 3600] });
    }

    /// <summary>Those that people asked for; what their steps started is theirs.</summary>
    public (int All, int OfCaller, int Callers) Count(Id account)
    {
        lock (_gate)
            return (_rootCount, _roots.GetValueOrDefault(account), _roots.Count);
    }

    /// <summary>Operations of people that have ended since the start.</summary>
    public long EndedCount => Volatile.Read(ref _endedRoots);

    /// <summary>Takes in what the last start left; before anything new is committed.</summary>
    public async Task Load(IStore store)
    {
        var left = await store.List<Operation>(Condition.In(nameof(Operation.State),
            new[] { OperationState.Queued, OperationState.Running, OperationState.Waiting, OperationState.Undoing }));
        lock (_gate)
        {
            foreach (var operation in left)
                Add(operation.Id, new Entry(operation.Kind, Text(operation.State), operation.CreatedAt, operation.ParentId is null ? operation.CreatedBy : null));
        }
    }

    public void Committed(IReadOnlyList<Event> events)
    {
        foreach (var item in events)
        {
            if (item.ResourceType == "operation" && item.Data["state"]?.GetValue<string>() is { } state)
                Take(item, state);
        }
    }

    private void Take(Event item, string state)
    {
        Entry? entry;
        var hasEnded = Ended.Contains(state);
        lock (_gate)
        {
            if (item.Type == "operation.created")
            {
                entry = new Entry(item.Data["kind"]!.GetValue<string>(), state, item.At,
                    item.Data["parentId"] is null && Id.TryParse(item.Data["createdBy"]!.GetValue<string>(), null, out var account) ? account : null);
                if (!hasEnded)
                    Add(item.ResourceId, entry);
            }
            else if (_entries.TryGetValue(item.ResourceId, out entry))
            {
                entry.State = state;
                if (hasEnded)
                    Remove(item.ResourceId, entry);
            }
        }
        if (entry is null || !hasEnded)
            return;
        _ended.Add(1, new("kind", entry.Kind), new("state", state));
        _duration.Record((item.At - entry.AcceptedAt).TotalSeconds, new KeyValuePair<string, object?>("kind", entry.Kind));
    }

    private void Add(Id id, Entry entry)
    {
        if (!_entries.TryAdd(id, entry) || entry.Account is not { } account)
            return;
        _rootCount++;
        _roots[account] = _roots.GetValueOrDefault(account) + 1;
    }

    private void Remove(Id id, Entry entry)
    {
        _entries.Remove(id);
        if (entry.Account is not { } account)
            return;
        _rootCount--;
        _endedRoots++;
        if (--_roots[account] == 0)
            _roots.Remove(account);
    }

    private IEnumerable<Measurement<int>> Measure()
    {
        lock (_gate)
        {
            return [.. _entries.Values.CountBy(entry => (entry.Kind, entry.State)).Select(count =>
                new Measurement<int>(count.Value, new("kind", count.Key.Kind), new("state", count.Key.State)))];
        }
    }

    /// <summary>As events say it.</summary>
    private static string Text(OperationState state) => JsonNode.Parse(System.Text.Json.JsonSerializer.Serialize(state, KernelJson.Options))!.GetValue<string>();

    /// <param name="account">Whose it is; null for one that a step started.</param>
    private sealed class Entry(string kind, string state, DateTimeOffset acceptedAt, Id? account)
    {
        public string Kind { get; } = kind;
        public string State { get; set; } = state;
        public DateTimeOffset AcceptedAt { get; } = acceptedAt;
        public Id? Account { get; } = account;
    }
}
