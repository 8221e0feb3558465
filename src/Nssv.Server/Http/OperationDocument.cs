using System.Text.Json;
using System.Text.Json.Nodes;
using Nssv.Kernel.Data;
using Nssv.Kernel.Operations;

namespace Nssv.Server.Http;

/// <summary>An operation as people see it: its own fields, with its target and its steps.</summary>
internal static class OperationDocument
{
    public static async ValueTask<JsonObject> Of(Operation operation, IStore store) => (await Of([operation], store))[0];

    /// <summary>Several at once; their steps are read together.</summary>
    public static async ValueTask<IReadOnlyList<JsonObject>> Of(IReadOnlyList<Operation> operations, IStore store)
    {
        var started = operations.Where(operation => operation.StartedAt is not null).Select(operation => operation.Id).ToList();
        var steps = (started.Count == 0 ? [] : await store.List<OperationStep>(Condition.In(nameof(OperationStep.OperationId), started))).ToLookup(step => step.OperationId);
        return [.. operations.Select(operation => Document(operation, steps[operation.Id]))];
    }

    private static JsonObject Document(Operation operation, IEnumerable<OperationStep> steps)
    {
        var document = JsonSerializer.SerializeToNode(operation, ApiJson.Options)!.AsObject();
        document["target"] = JsonSerializer.SerializeToNode(new OperationTarget(operation.TargetType, operation.TargetId), ApiJson.Options);
        document["steps"] = JsonSerializer.SerializeToNode(steps.OrderBy(step => step.StepIndex).Select(step => new StepDocument(step.Name, step.State, step.StartedAt, step.EndedAt, step.Error)), ApiJson.Options);
        return document;
    }
}

/// <summary>What an operation works on.</summary>
internal sealed record OperationTarget(string Type, Id Id);

/// <summary>One step of an operation.</summary>
internal sealed record StepDocument(string Name, StepState State, DateTimeOffset? StartedAt, DateTimeOffset? EndedAt, Problem? Error);
