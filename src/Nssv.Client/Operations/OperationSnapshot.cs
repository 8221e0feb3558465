using System.Text.Json.Nodes;
using Nssv.Client.Problems;

namespace Nssv.Client.Operations;

/// <summary>One step of an operation as it stands.</summary>
/// <param name="WaitsFor">What it waits for when that is out of order, for example a host that does not answer; in words.</param>
public sealed record OperationStep(string Name, string State, DateTimeOffset? StartedAt, DateTimeOffset? EndedAt, ApiProblem? Error, string? WaitsFor = null);

/// <summary>An operation as the server described it at one moment.</summary>
public sealed record OperationSnapshot
{
    /// <summary>The operation's id.</summary>
    public required string Id { get; init; }

    /// <summary>What it does, for example <c>virtual-machine.create</c>.</summary>
    public required string Kind { get; init; }

    /// <summary>One of <see cref="OperationStates"/>.</summary>
    public required string State { get; init; }

    /// <summary>How far it is, 0 to 100.</summary>
    public int Progress { get; init; }

    /// <summary>It failed, and something it made still waits to be taken away.</summary>
    public bool CleanupPending { get; init; }

    /// <summary>The type of the resource it works on.</summary>
    public string? TargetType { get; init; }

    /// <summary>The id of the resource it works on.</summary>
    public string? TargetId { get; init; }

    /// <summary>Its steps so far.</summary>
    public IReadOnlyList<OperationStep> Steps { get; init; } = [];

    /// <summary>Why it failed.</summary>
    public ApiProblem? Error { get; init; }

    /// <summary>When it began to run.</summary>
    public DateTimeOffset? StartedAt { get; init; }

    /// <summary>When it ended.</summary>
    public DateTimeOffset? EndedAt { get; init; }

    /// <summary>The operation as the server wrote it.</summary>
    public required JsonObject Document { get; init; }

    /// <summary>Nothing about it will change any more without a person.</summary>
    public bool HasEnded => OperationStates.IsEnd(State);

    /// <summary>It ended well.</summary>
    public bool Succeeded => State == OperationStates.Succeeded;

    /// <summary>Reads the server's answer.</summary>
    public static OperationSnapshot FromJson(JsonObject json) => new()
    {
        Id = json["id"].AsText() ?? throw new FormatException("The server's answer is not an operation: it has no id."),
        Kind = json["kind"].AsText() ?? "operation",
        State = json["state"].AsText() ?? OperationStates.Queued,
        Progress = Math.Clamp(json["progress"].AsInt32() ?? 0, 0, 100),
        CleanupPending = json["cleanupPending"].IsTrue(),
        TargetType = json.At("target.type").AsText() ?? json["targetType"].AsText(),
        TargetId = json.At("target.id").AsText() ?? json["targetId"].AsText(),
        Steps = json["steps"] is JsonArray steps ? [.. steps.OfType<JsonObject>().Select(ReadStep)] : [],
        Error = json["error"] is JsonObject error ? ProblemReader.FromJson(error) : null,
        StartedAt = json["startedAt"].AsTime(),
        EndedAt = json["endedAt"].AsTime(),
        Document = json,
    };

    /// <summary>Throws what went wrong unless the operation succeeded.</summary>
    public OperationSnapshot EnsureSucceeded() => Succeeded ? this : throw new ApiProblemException(Failure());

    /// <summary>What went wrong, with this operation's id, for an operation that ended otherwise than well.</summary>
    public ApiProblem Failure()
    {
        var reason = Error ?? Steps.LastOrDefault(step => step.Error is not null)?.Error;
        // What would have helped the request does not help an operation that has stopped half-way.
        var advice = State == OperationStates.NeedsAttention
            ? $"Look at its steps with 'nssv operation show {Id}'. When what is in its way is gone: 'nssv operation retry {Id}', or 'undo' to take it back; 'dismiss' once it is put right by hand."
            : reason?.Advice ?? (CleanupPending ? "What it made is taken away as soon as its host can be reached again." : null);
        var document = reason?.ToJson() ?? new JsonObject { ["title"] = $"The operation {Kind} ended as {State}" };
        document["code"] ??= State == OperationStates.NeedsAttention ? "operation-needs-attention" : "operation-failed";
        document["operationId"] = Id;
        if (advice is not null)
        {
            document["advice"] = advice;
        }

        return ProblemReader.FromJson(document, reason?.Status ?? 0);
    }

    private static OperationStep ReadStep(JsonObject step) => new(
        step["name"].AsText() ?? "step",
        step["state"].AsText() ?? "",
        step["startedAt"].AsTime(),
        step["endedAt"].AsTime(),
        step["error"] is JsonObject error ? ProblemReader.FromJson(error) : null,
        step["waitsFor"].AsText());
}
