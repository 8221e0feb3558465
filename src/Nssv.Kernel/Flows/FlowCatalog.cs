using System.Reflection;
using System.Text.Json.Nodes;
using Nssv.Kernel.Operations;
using Nssv.Kernel.Ownership;

namespace Nssv.Kernel.Flows;

/// <summary>All flows and steps of this version, checked against each other when it is made.</summary>
public sealed class FlowCatalog
{
    private readonly Dictionary<string, FlowDefinition> _flows = new(StringComparer.Ordinal);
    private readonly Dictionary<string, StepBinding> _steps = new(StringComparer.Ordinal);
    private readonly ILookup<(string Flow, string Beside), InsertedStep> _inserted;

    /// <exception cref="FlowException">A flow names a step, a flow, a property or a type that does not fit.</exception>
    /// <param name="level">Of this build: a flow that waits for a later one is wrong.</param>
    /// <param name="inserted">Steps to put into flows. One that does not fit is told so, and left out.</param>
    public FlowCatalog(IEnumerable<FlowDefinition> flows, IEnumerable<object> steps, long level = PlatformLevel.Current, IEnumerable<InsertedStep>? inserted = null)
    {
        foreach (var step in steps)
        {
            var binding = StepBinding.For(step);
            if (!_steps.TryAdd(binding.Name, binding))
                throw new FlowException($"two steps are named '{binding.Name}'");
        }

        foreach (var flow in flows)
        {
            if (!_flows.TryAdd(flow.Name, flow))
                throw new FlowException($"two flows are named '{flow.Name}'");
        }

        foreach (var flow in _flows.Values.OrderBy(f => f.Name, StringComparer.Ordinal))
            Check(flow, level);
        _inserted = (inserted ?? []).Where(Fits).ToLookup(step => (step.Flow, step.Beside));
    }

    public IEnumerable<FlowDefinition> Flows => _flows.Values;

    public FlowDefinition Flow(string name) =>
        _flows.TryGetValue(name, out var flow) ? flow : throw new FlowException($"there is no flow '{name}'");

    public FlowDefinition? Find(string name) => _flows.GetValueOrDefault(name);

    internal StepBinding? FindStep(string name) => _steps.GetValueOrDefault(name);

    /// <summary>Expands a flow over its context: sub-flows, items and conditions become one list of steps.</summary>
    /// <param name="level">That every live node has reached: whoever takes the operation over must know every step of its plan.</param>
    public Plan Freeze(FlowDefinition flow, JsonObject context, long level)
    {
        var steps = new List<PlannedStep>();
        Expand(flow, context, level, "", steps);
        return new Plan(flow.Hash, steps);
    }

    private void Expand(FlowDefinition flow, JsonObject context, long level, string scope, List<PlannedStep> steps)
    {
        foreach (var node in flow.Nodes)
        {
            if (node.Since > level || node.When is { } when && context[JsonName(when)]?.GetValue<bool>() != true)
                continue;
            switch (node)
            {
                case FlowNode.Step s:
                    var beside = _inserted[(flow.Name, s.Name)].Where(inserted => inserted.Offered).ToList();
                    steps.AddRange(beside.Where(inserted => inserted.Before).Select(inserted => Planned(inserted, scope)));
                    steps.Add(new PlannedStep(s.Name, scope, s.Deadline, s.Retry, s.AfterCrash ?? flow.AfterCrash, s.PointOfNoReturn, s.Stall));
                    steps.AddRange(beside.Where(inserted => !inserted.Before).Select(inserted => Planned(inserted, scope)));
                    break;
                case FlowNode.Call { Foreach: { } list } call:
                    var items = context[JsonName(list)] as JsonArray ?? [];
                    for (var i = 0; i < items.Count; i++)
                        Expand(Flow(call.Flow), items[i]!.AsObject(), level, ScopePath.Item(scope, JsonName(list), i), steps);
                    break;
                case FlowNode.Call { With: { } property } call:
                    if (context[JsonName(property)] is JsonObject inner)
                        Expand(Flow(call.Flow), inner, level, ScopePath.Property(scope, JsonName(property)), steps);
                    break;
                case FlowNode.Call call:
                    Expand(Flow(call.Flow), context, level, scope, steps);
                    break;
            }
        }
    }

    private static PlannedStep Planned(InsertedStep step, string scope) =>
        new(step.Name, scope, step.Deadline, 0, FlowDirection.Forward, PointOfNoReturn: false, Inserted: true, Optional: step.Optional);

    private bool Fits(InsertedStep step)
    {
        if (Find(step.Flow) is not { } flow)
            step.DoesNotFit($"there is no flow '{step.Flow}'");
        else if (!flow.Nodes.OfType<FlowNode.Step>().Any(own => own.Name == step.Beside))
            step.DoesNotFit($"flow '{step.Flow}' has no step '{step.Beside}'");
        else if (!_steps.TryAdd(step.Name, new InsertedStepBinding(step)))
            step.DoesNotFit($"there is another step '{step.Name}'");
        else
            return true;
        return false;
    }

    private void Check(FlowDefinition flow, long level)
    {
        foreach (var node in flow.Nodes)
        {
            if (node.When is { } when && Property(flow, when).PropertyType != typeof(bool))
                throw new FlowException($"{flow.Name}: when=\"{when}\" is no bool");
            if (node.Since > level)
                throw new FlowException($"{flow.Name}: since=\"{node.Since}\" is beyond this build's level {level}: no plan would ever have it");
            switch (node)
            {
                case FlowNode.Step s:
                    var step = FindStep(s.Name) ?? throw new FlowException($"{flow.Name}: there is no step '{s.Name}'");
                    if (s.Stall is { } stall && (stall < TimeSpan.FromSeconds(1) || stall >= s.Deadline))
                        throw new FlowException($"{flow.Name}: stall of step '{s.Name}' must be at least a second and less than its deadline");
                    if (!step.ContextType.IsAssignableFrom(flow.ContextType))
                        throw new FlowException($"{flow.Name}: step '{s.Name}' wants {step.ContextType.Name}, the flow has {flow.ContextType.Name}");
                    break;
                case FlowNode.Call c:
                    var called = Find(c.Flow) ?? throw new FlowException($"{flow.Name}: there is no flow '{c.Flow}'");
                    if (called.Name == flow.Name)
                        throw new FlowException($"{flow.Name} calls itself");
                    var given = c.Foreach is { } list ? ItemType(Property(flow, list).PropertyType)
                        : c.With is { } with ? Property(flow, with).PropertyType
                        : flow.ContextType;
                    if (given != called.ContextType)
                        throw new FlowException($"{flow.Name}: flow '{c.Flow}' wants {called.ContextType.Name}, it is given {given?.Name}");
                    break;
            }
        }
    }

    private static PropertyInfo Property(FlowDefinition flow, string name) =>
        flow.ContextType.GetProperty(name) ?? throw new FlowException($"{flow.Name}: {flow.ContextType.Name} has no property '{name}'");

    private static Type? ItemType(Type list) =>
        list.GetInterfaces().Prepend(list).FirstOrDefault(i => i.IsGenericType && i.GetGenericTypeDefinition() == typeof(IEnumerable<>))?.GetGenericArguments()[0];

    private static string JsonName(string property) => System.Text.Json.JsonNamingPolicy.CamelCase.ConvertName(property);
}
