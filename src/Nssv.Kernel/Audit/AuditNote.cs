using System.Text.Json;
using System.Text.Json.Nodes;
using Nssv.Kernel.Events;

namespace Nssv.Kernel.Audit;

/// <summary>
/// Something for the audit that no operation tells: a refusal, a sign-in. It travels as an event, in the unit of work of what it is about where there is one; the
/// audit's writer makes an entry of it.
/// </summary>
public sealed record AuditNote
{
    public const string EventType = "audit-entry.noted";
    public const string ResourceType = "audit-entry";

    public required string Action { get; init; }
    public Id? AccountId { get; init; }
    public string? AccountName { get; init; }
    public string? ClientAddress { get; init; }
    public string? TargetType { get; init; }
    public Id? TargetId { get; init; }
    public string? TargetName { get; init; }
    public required DateTimeOffset BegunAt { get; init; }
    public required DateTimeOffset EndedAt { get; init; }
    public required AuditResult Result { get; init; }
    public string? ErrorCode { get; init; }
    public JsonObject Details { get; init; } = [];

    /// <param name="id">Of the entry that will be made.</param>
    public EventDraft Draft(Id id, Id projectId) =>
        new(EventType, ResourceType, id, projectId, null, EndedAt, JsonSerializer.SerializeToNode(this, KernelJson.Options)!.AsObject());

    /// <summary>Why something was refused or failed. The detail names what the caller sent, which may be long.</summary>
    public static JsonObject Error(Problem problem)
    {
        var error = new JsonObject { ["status"] = problem.Status, ["title"] = problem.Title };
        if (problem.Detail is { } detail)
            error["detail"] = Shortened(detail);
        if (problem.Field is { } field)
            error["field"] = Shortened(field);
        return new JsonObject { ["error"] = error };
    }

    /// <summary>What a person gave, as far as an entry keeps it.</summary>
    public static string Shortened(string text) => text.Length <= LongestText ? text : text[..LongestText] + "…";

    private const int LongestText = 500;
}
