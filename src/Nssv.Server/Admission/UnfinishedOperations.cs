using System.Diagnostics.Metrics;
using System.Text.Json.Nodes;
using Nssv.Kernel.Data;
using Nssv.Kernel.Events;
using Nssv.Kernel.Operations;

namespace Nssv.Server.Admission;

/// <summary>
/// The platform's operations that were accepted and have not ended, counted as their events pass: by kind and state, and by whose they are. Every node sees all
/// events, so it does not matter which one runs them.
/// </summary>
internal sealed class UnfinishedOperations : IEventObserver
{
    private static readonly string NeedsAttention = Text(OperationState.NeedsAttention);
    private static readonly string[] EndStates = [Text(OperationState.Succeeded), Text(OperationState.Failed), NeedsAttention];

    private readonly Lock _gate = new();
    private readonly Dictionary<Id, Entry> _entries = [];
    private readonly Dictionary<Id, int> _roots = [];

    /// <summary>Those that need attention: they are under way again when a person lets them go on.</summary>
    private readonly Dictionary<Id, Entry> _stopped = [];
    private long _endedRoots;
    private int _rootCount;

    /// <summary>Those that ended while the others were being read; null afterwards.</summary>
    private HashSet<Id>? _endedMeanwhile = [];

    public UnfinishedOperations(Meter meter) =>
        meter.CreateObservableGauge("nssv_operations", Measure, null, "Operations of the platform that were accepted and have not ended.");

    public static bool IsEnd(string state) => EndStates.Contains(state);

    /// <summary>Those that people asked for; what their steps started is theirs.</summary>
    public (int All, int OfCaller, int Callers) Count(Id account)
    {
        lock (_gate)
            return (_rootCount, _roots.GetValueOrDefault(account), _roots.Count);
    }

    /// <summary>Operations of people that have ended since the start.</summary>
    public long EndedCount => Volatile.Read(ref _endedRoots);

    /// <summary>Kind and time of acceptance of one that has not ended; null when it is not known here.</summary>
    public (string Kind, DateTimeOffset AcceptedAt)? Find(Id operation)
    {
        lock (_gate)
            return _entries.TryGetValue(operation, out var entry) ? (entry.Kind, entry.AcceptedAt) : null;
    }

    /// <summary>Takes in what was there before. Once, when events have begun to pass: whatever is new then comes by them.</summary>
    public async Task Load(IStore store)
    {
        var left = await store.List<Operation>(Condition.In(nameof(Operation.State),
            new[] { OperationState.Queued, OperationState.Running, OperationState.Waiting, OperationState.Undoing, OperationState.NeedsAttention }));
        lock (_gate)
        {
            foreach (var operation in left.Where(operation => !_endedMeanwhile!.Contains(operation.Id)))
            {
                var entry = new Entry(operation.Kind, Text(operation.State), operation.CreatedAt, operation.ParentId is null ? operation.CreatedBy : null);
                if (operation.State == OperationState.NeedsAttention)
                    _stopped.TryAdd(operation.Id, entry);
                else
                    Add(operation.Id, entry);
            }

            _endedMeanwhile = null;
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
        lock (_gate)
        {
            if (IsEnd(state))
            {
                _endedMeanwhile?.Add(item.ResourceId);
                if (Remove(item.ResourceId) is { } ended && state == NeedsAttention)
                    _stopped[item.ResourceId] = ended;
                else
                    _stopped.Remove(item.ResourceId);
            }
            else if (item.Type == "operation.created")
            {
                Add(item.ResourceId, new Entry(item.Data["kind"]!.GetValue<string>(), state, item.At,
                    item.Data["parentId"] is null && Id.TryParse(item.Data["createdBy"]!.GetValue<string>(), null, out var account) ? account : null));
            }
            else if (_entries.TryGetValue(item.ResourceId, out var entry))
            {
                entry.State = state;
            }
            else if (_stopped.Remove(item.ResourceId, out var resumed))
            {
                resumed.State = state;
                Add(item.ResourceId, resumed);
            }
        }
    }

    private void Add(Id id, Entry entry)
    {
        if (!_entries.TryAdd(id, entry) || entry.Account is not { } account)
            return;
        _rootCount++;
        _roots[account] = _roots.GetValueOrDefault(account) + 1;
    }

    private Entry? Remove(Id id)
    {
        if (!_entries.Remove(id, out var entry) || entry.Account is not { } account)
            return entry;
        _rootCount--;
        _endedRoots++;
        if (--_roots[account] == 0)
            _roots.Remove(account);
        return entry;
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
