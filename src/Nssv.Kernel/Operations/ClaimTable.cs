using Nssv.Kernel.Flows;
using Nssv.Kernel.Ownership;

namespace Nssv.Kernel.Operations;

/// <summary>
/// Who holds and who awaits each resource's claims, in order of acceptance. A cache of the operations' rows: rebuilt from them when the node starts.
/// Called from the resource's own mailbox; the lock only guards the dictionary that all resources share.
/// </summary>
internal sealed class ClaimTable
{
    private readonly Dictionary<Id, List<Entry>> _entries = [];

    public sealed class Entry(Operation operation, FlowDefinition? flow)
    {
        public Id OperationId { get; } = operation.Id;
        public Id RootId { get; } = operation.RootId;
        public string Kind { get; } = operation.Kind;
        public string Aspect { get; } = operation.Aspect;
        public FlowDefinition? Flow { get; } = flow;
        public bool Running { get; set; }

        public bool ConflictsWith(Entry other) => RootId != other.RootId && Aspects.Overlap(Aspect, other.Aspect);
    }

    /// <summary>Operations whose claims overlap with what this one wants, and what its flow says of each.</summary>
    public IReadOnlyList<(Entry Other, ConflictPolicy Policy)> Conflicts(Operation operation, FlowDefinition flow)
    {
        lock (_entries)
        {
            if (!_entries.TryGetValue(operation.TargetId, out var list))
                return [];
            var mine = new Entry(operation, flow);
            if (IsInside(mine, list))
                return [];
            return [.. list.Where(mine.ConflictsWith).Select(other => (other, flow.PolicyAgainst(other.Kind)))];
        }
    }

    public void Add(Operation operation, FlowDefinition? flow, bool running)
    {
        lock (_entries)
        {
            if (!_entries.TryGetValue(operation.TargetId, out var list))
                _entries[operation.TargetId] = list = [];
            var entry = new Entry(operation, flow) { Running = running };
            var place = flow is { PassesQueue: true } || IsInside(entry, list) ? list.FindIndex(e => !e.Running) : -1;
            list.Insert(place < 0 ? list.Count : place, entry);
        }
    }

    /// <summary>Its root, or another of the same root, holds the claim already: it enters, past those that wait for the root's end.</summary>
    private static bool IsInside(Entry entry, List<Entry> list) =>
        entry.OperationId != entry.RootId && list.Exists(other => other.Running && other.RootId == entry.RootId && Aspects.Overlap(entry.Aspect, other.Aspect));

    public void Remove(Id target, Id operationId)
    {
        lock (_entries)
        {
            if (!_entries.TryGetValue(target, out var list))
                return;
            list.RemoveAll(e => e.OperationId == operationId);
            if (list.Count == 0)
                _entries.Remove(target);
        }
    }

    /// <summary>Forgets all claims on resources of these shards.</summary>
    public void Remove(ShardSet shards)
    {
        lock (_entries)
        {
            foreach (var target in _entries.Keys.Where(shards.Has).ToList())
                _entries.Remove(target);
        }
    }

    /// <summary>Marks as running, and returns, the operations that may start now: nothing before them in the list overlaps.</summary>
    public IReadOnlyList<Id> TakeStartable(Id target)
    {
        lock (_entries)
        {
            if (!_entries.TryGetValue(target, out var list))
                return [];
            List<Id> startable = [];
            for (var i = 0; i < list.Count; i++)
            {
                var entry = list[i];
                if (entry.Running || list.Where((other, j) => j != i && (other.Running || j < i) && entry.ConflictsWith(other)).Any())
                    continue;
                entry.Running = true;
                startable.Add(entry.OperationId);
            }

            return startable;
        }
    }

    public bool IsRunning(Id target, Id operationId)
    {
        lock (_entries)
            return _entries.TryGetValue(target, out var list) && list.Exists(e => e.OperationId == operationId && e.Running);
    }
}
