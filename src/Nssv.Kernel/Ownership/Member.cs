using Nssv.Kernel.Model;

namespace Nssv.Kernel.Ownership;

/// <summary>A management node. Whoever takes its place raises <see cref="Generation"/>; what the old one still tries to commit then fails.</summary>
[Table("members")]
public sealed record Member
{
    [Key] public required Id Id { get; init; }

    /// <summary>Unique in the platform and growing: it also serves as the epoch that agents compare.</summary>
    public required long Generation { get; init; }

    public required DateTimeOffset StartedAt { get; init; }

    /// <summary>The node stops itself before this time unless it has moved it on; null while there is but one node.</summary>
    public DateTimeOffset? LeaseUntil { get; init; }

    /// <summary>Where its peers reach it.</summary>
    public string? Url { get; init; }
}
