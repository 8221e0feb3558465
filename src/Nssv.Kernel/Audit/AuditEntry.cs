using System.Text.Json.Nodes;
using Nssv.Kernel.Model;

namespace Nssv.Kernel.Audit;

/// <summary>One mutation, or one attempt at one, and every sign-in: who, from where, what, when, with what outcome. Written once and chained by its hash; never changed.</summary>
[Resource("audit-entries", ShortName = "audit", Rank = 0, Silent = true)]
public sealed record AuditEntry : Resource
{
    /// <summary>1, 2, 3 …: the place in the chain.</summary>
    [Index(Unique = true)] public required long Sequence { get; init; }

    /// <summary>What was asked for, as its permission is called: "virtual-machine.start"; "session.create" for signing in.</summary>
    [Index] public required string Action { get; init; }

    /// <summary>Who asked; null for somebody who is not known, and for the platform itself.</summary>
    [Index] public Id? AccountId { get; init; }

    /// <summary>Its name at that time; of a sign-in, the one that was given.</summary>
    public string? AccountName { get; init; }

    /// <summary>Where the request came from; null for what the platform did by itself.</summary>
    public string? ClientAddress { get; init; }

    /// <summary>Singular kebab-case name of the target's kind.</summary>
    public string? TargetType { get; init; }

    [Index] public Id? TargetId { get; init; }

    /// <summary>The target's name at that time.</summary>
    public string? TargetName { get; init; }

    [Index] public required DateTimeOffset BegunAt { get; init; }

    public required DateTimeOffset EndedAt { get; init; }

    public required AuditResult Result { get; init; }

    /// <summary>The problem's code, when it did not succeed.</summary>
    public string? ErrorCode { get; init; }

    /// <summary>The operation that did it; null when it was refused, or is none.</summary>
    [Index(Unique = true)] public Id? OperationId { get; init; }

    /// <summary>What changed ("changes"), or what went wrong ("error"). Never a secret: it is made from events and problems only.</summary>
    [JsonColumn] public JsonObject Details { get; init; } = [];

    /// <summary>Hash of the entry before, hex; of the first one, that of nothing.</summary>
    public required string PreviousHash { get; init; }

    /// <summary>SHA-256 of the entry's line without this field, hex.</summary>
    public required string Hash { get; init; }
}

public enum AuditResult
{
    Succeeded,
    /// <summary>It was accepted, and failed; what it had done was taken back.</summary>
    Failed,
    /// <summary>Nothing was changed.</summary>
    Refused,
}

/// <summary>Where the chain begins and ends, and how far the events have been read for it. One row.</summary>
[Table("audit_head")]
public sealed record AuditHead
{
    /// <summary>The hash before the first entry of all.</summary>
    public const string Nothing = "0000000000000000000000000000000000000000000000000000000000000000";

    [Key] public required long Id { get; init; }

    /// <summary>Number of the last event that was read.</summary>
    public required long Position { get; init; }

    /// <summary>When that was written.</summary>
    public required DateTimeOffset At { get; init; }

    /// <summary>Of the last entry.</summary>
    public required long Sequence { get; init; }

    /// <summary>Of the last entry.</summary>
    public required string Hash { get; init; }

    /// <summary>Of the first entry that is kept.</summary>
    public required long FirstSequence { get; init; }

    /// <summary>Hash of the entry before that one.</summary>
    public required string AnchorHash { get; init; }

    public static AuditHead Start(DateTimeOffset now) => new() { Id = 1, Position = 0, At = now, Sequence = 0, Hash = Nothing, FirstSequence = 1, AnchorHash = Nothing };
}
