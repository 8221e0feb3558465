using System.Diagnostics.CodeAnalysis;
using System.Text.Json.Nodes;
using Nssv.Kernel.Model;

namespace Nssv.Kernel.Events;

/// <summary>Something that became true, written in the same transaction as what made it true and numbered densely in commit order.</summary>
[Table("events")]
public sealed record Event
{
    /// <summary>1, 2, 3 …: no gaps, in the order of commits. The writer sets it.</summary>
    [Key] public required long Sequence { get; init; }

    /// <summary>"virtual-machine.created", "virtual-machine.updated", "operation.updated" …</summary>
    public required string Type { get; init; }

    /// <summary>Singular kebab-case name of the resource's kind.</summary>
    public required string ResourceType { get; init; }

    [Index] public required Id ResourceId { get; init; }

    public required Id ProjectId { get; init; }

    public Id? OperationId { get; init; }

    public required DateTimeOffset At { get; init; }

    /// <summary>The fields that changed, as the API shows them. Never secret or internal ones.</summary>
    [JsonColumn] public required JsonObject Data { get => field ??= JsonNode.Parse(_text!)!.AsObject(); init; }

    private readonly string? _text;

    public Event()
    {
    }

    /// <summary>With its data as text: most events are never looked at here.</summary>
    [SetsRequiredMembers]
    internal Event(string data) => (_text, Type, ResourceType) = (data, "", "");
}

/// <summary>An event before it has its number.</summary>
public sealed record EventDraft(string Type, string ResourceType, Id ResourceId, Id ProjectId, Id? OperationId, DateTimeOffset At, JsonObject Data);
