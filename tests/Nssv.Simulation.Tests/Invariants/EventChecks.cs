using System.Text.Json.Nodes;
using Nssv.Kernel;
using Nssv.Kernel.Data;
using Nssv.Kernel.Events;
using Nssv.Kernel.Flows;
using Nssv.Kernel.Operations;

namespace Nssv.Simulation.Tests.Invariants;

/// <summary>Replays the events: their numbers, what they tell of each resource (it must end with what the rows say), and from those of operations who held which claim when.</summary>
internal static class EventChecks
{
    public static async Task Replay(IStore store, FlowCatalog flows, string type, IReadOnlyDictionary<Id, string> rows, Findings findings)
    {
        var events = (await store.List<Event>()).OrderBy(e => e.Sequence).ToList();
        for (var i = 0; i < events.Count; i++)
            findings.Expect(events[i].Sequence == i + 1, Invariant.Events, $"event {i + 1} has the number {events[i].Sequence}");
        Told(events, findings, out var last);
        var operations = (await store.List<Operation>()).ToDictionary(operation => operation.Id);
        foreach (var (id, operation) in operations)
        {
            findings.Expect(last.TryGetValue(id, out var told) && (string?)told["state"] == Name(operation.State), Invariant.Events,
                $"{operation.Kind} {id.Short} is {operation.State}, but the events end with {(string?)last.GetValueOrDefault(id)?["state"]}");
        }

        foreach (var (id, state) in rows)
        {
            findings.Expect(last.TryGetValue(id, out var told) && (string?)told["state"] == System.Text.Json.JsonNamingPolicy.CamelCase.ConvertName(state), Invariant.Events,
                $"{type} {id.Short} is {state}, but the events end with {(string?)last.GetValueOrDefault(id)?["state"]}");
        }

        foreach (var id in events.Where(e => e.ResourceType == type).Select(e => e.ResourceId).Distinct())
            findings.Expect(rows.ContainsKey(id) || !last.ContainsKey(id), Invariant.Events, $"{type} {id.Short} is gone, but no event says so");
        Claims(events, operations, flows, findings);
    }

    /// <summary>The last that events told of each resource that is still there.</summary>
    public static void Told(IReadOnlyList<Event> events, Findings findings, out Dictionary<Id, JsonObject> last)
    {
        last = [];
        foreach (var e in events)
        {
            var name = $"event {e.Sequence} {e.Type} of {e.ResourceId.Short}";
            if (e.Type.EndsWith(".created", StringComparison.Ordinal))
            {
                findings.Expect(last.TryAdd(e.ResourceId, e.Data.DeepClone().AsObject()), Invariant.Events, $"{name}: it was there already");
            }
            else if (!last.TryGetValue(e.ResourceId, out var known))
            {
                findings.Add(Invariant.Events, $"{name}: it is not there");
            }
            else if (e.Type.EndsWith(".deleted", StringComparison.Ordinal))
            {
                last.Remove(e.ResourceId);
            }
            else
            {
                foreach (var (field, value) in e.Data)
                    known[field] = value?.DeepClone();
            }
        }
    }

    private static void Claims(IReadOnlyList<Event> events, Dictionary<Id, Operation> operations, FlowCatalog flows, Findings findings)
    {
        var states = new Dictionary<Id, OperationState>();
        foreach (var e in events.Where(e => e.ResourceType == "operation" && e.Data.ContainsKey("state")))
        {
            if (!operations.TryGetValue(e.ResourceId, out var operation))
                continue;
            var state = Enum.GetValues<OperationState>().First(s => Name(s) == (string?)e.Data["state"]);
            var before = states.TryGetValue(operation.Id, out var known) ? known : (OperationState?)null;
            findings.Expect(before is null || !Ended(before.Value), Invariant.Ended, $"event {e.Sequence}: {operation.Kind} {operation.Id.Short} was {before} and is {state} now");
            states[operation.Id] = state;
            if (before != OperationState.Queued || !Active(state))
                continue;
            foreach (var other in operations.Values.Where(o => o.Id != operation.Id && o.TargetId == operation.TargetId && o.RootId != operation.RootId && Aspects.Overlap(o.Aspect, operation.Aspect)))
            {
                if (!states.TryGetValue(other.Id, out var its))
                    continue;
                var pair = $"event {e.Sequence}: {operation.Kind} {operation.Id.Short} starts on {operation.TargetType} {operation.TargetId.Short}";
                findings.Expect(!Active(its), Invariant.Claims, $"{pair} while {other.Kind} {other.Id.Short} is {its}");
                var passes = flows.Find(operation.Kind) is { PassesQueue: true };
                findings.Expect(its != OperationState.Queued || passes || other.AcceptedSequence > operation.AcceptedSequence, Invariant.Claims,
                    $"{pair} before {other.Kind} {other.Id.Short}, which was accepted before it");
            }
        }
    }

    private static bool Active(OperationState state) => state is OperationState.Running or OperationState.Waiting or OperationState.Undoing;

    private static bool Ended(OperationState state) => state is OperationState.Succeeded or OperationState.Failed or OperationState.NeedsAttention;

    private static string Name(OperationState state) => System.Text.Json.JsonNamingPolicy.CamelCase.ConvertName(state.ToString());
}
