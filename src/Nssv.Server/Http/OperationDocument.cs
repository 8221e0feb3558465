using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;
using Nssv.Contracts.Inventory;
using Nssv.Kernel.Data;
using Nssv.Kernel.Operations;
using Host = Nssv.Contracts.Inventory.Host;

namespace Nssv.Server.Http;

/// <summary>An operation as people see it: its own fields, with its target and its steps.</summary>
internal static class OperationDocument
{
    public static async ValueTask<JsonObject> Of(Operation operation, IStore store, OperationEngine running) => (await Of([operation], store, running))[0];

    /// <summary>Several at once; their steps are read together.</summary>
    /// <param name="running">Knows which steps are being tried again, if they are this node's.</param>
    public static async ValueTask<IReadOnlyList<JsonObject>> Of(IReadOnlyList<Operation> operations, IStore store, OperationEngine running)
    {
        var started = operations.Where(operation => operation.StartedAt is not null).Select(operation => operation.Id).ToList();
        var steps = (started.Count == 0 ? [] : await store.List<OperationStep>(Condition.In(nameof(OperationStep.OperationId), started))).ToLookup(step => step.OperationId);
        var going = operations.Where(operation => operation.EndedAt is null).SelectMany(operation => steps[operation.Id]).Where(IsUnderWay).Select(step => step.HostId!.Value).Distinct().ToList();
        var silent = (going.Count == 0 ? [] : await store.List<Host>(Condition.In(nameof(Host.Id), going))).Where(host => host.State != HostState.Connected).ToDictionary(host => host.Id);
        return [.. operations.Select(operation => Document(operation, steps[operation.Id], silent, running))];
    }

    private static JsonObject Document(Operation operation, IEnumerable<OperationStep> steps, Dictionary<Id, Host> silent, OperationEngine running)
    {
        var document = JsonSerializer.SerializeToNode(operation, ApiJson.Options)!.AsObject();
        document["target"] = JsonSerializer.SerializeToNode(new OperationTarget(operation.TargetType, operation.TargetId), ApiJson.Options);
        document["steps"] = JsonSerializer.SerializeToNode(steps.OrderBy(step => step.StepIndex).Select(step => new StepDocument(
            step.Name, step.State, step.StartedAt, step.EndedAt, step.Error,
            operation.EndedAt is null ? WaitsFor(step, silent, running) : null)), ApiJson.Options);
        return document;
    }

    private static string? WaitsFor(OperationStep step, Dictionary<Id, Host> silent, OperationEngine running)
    {
        if (IsUnderWay(step) && silent.TryGetValue(step.HostId!.Value, out var host))
            return WhyNot(host);
        return running.LastFailure(step.OperationId, step.StepIndex) is { } failed ? Tried(failed, step.OperationId) : null;
    }

    /// <summary>The same words until the next failure, so that whoever follows is told each one once.</summary>
    private static string Tried(FailedTry failed, Id shown)
    {
        var who = failed.Operation.Id == shown ? "" : $"{failed.Operation.Kind} ({failed.Operation.Id}) was ";
        var count = failed.Count == 1 ? "once" : string.Create(CultureInfo.InvariantCulture, $"{failed.Count} times");
        var reason = (failed.Problem.Detail ?? failed.Problem.Title).TrimEnd('.');
        return string.Create(CultureInfo.InvariantCulture, $"{who}tried {count}, the last time: {reason}; again at about {failed.Again.UtcDateTime:yyyy-MM-dd'T'HH:mm:ss'Z'}");
    }

    private static bool IsUnderWay(OperationStep step) => step is { HostId: not null, State: StepState.Started or StepState.Undoing };

    /// <summary>Why a host takes no work.</summary>
    private static string WhyNot(Host host) => host.State switch
    {
        HostState.Disconnected => string.Create(CultureInfo.InvariantCulture, $"host '{host.Name}' ({host.Id}) does not answer{(host.LastHeartbeatAt is { } last ? $" since {last.UtcDateTime:yyyy-MM-dd'T'HH:mm:ss'Z'}" : "")}"),
        HostState.Reconciling => $"host '{host.Name}' ({host.Id}) is back, and what it runs is being compared with what is known",
        _ => $"the agent of host '{host.Name}' ({host.Id}) has not come yet",
    };
}

/// <summary>What an operation works on.</summary>
internal sealed record OperationTarget(string Type, Id Id);

/// <summary>One step of an operation.</summary>
/// <param name="WaitsFor">What a step that is under way waits for, for people; null when it waits for nothing that is out of order.</param>
internal sealed record StepDocument(string Name, StepState State, DateTimeOffset? StartedAt, DateTimeOffset? EndedAt, Problem? Error, string? WaitsFor);
