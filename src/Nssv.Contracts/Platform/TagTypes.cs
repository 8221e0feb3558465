using Nssv.Kernel;
using Nssv.Kernel.Model;
using Nssv.Kernel.Tags;

namespace Nssv.Contracts.Platform;

/// <summary>A system tag as its owner has declared it: one row for each, written by the managers themselves.</summary>
[Resource("tag-types", ShortName = "tag", Rank = 5)]
public sealed record TagType : Resource, INamed
{
    /// <summary>"area.camelCase"; the key in a resource's <c>tags</c>.</summary>
    [Index(Unique = true)] public required string Name { get; init; }

    [Observed] public required string Title { get; init; }

    /// <summary>What it does, and from when on.</summary>
    [Observed] public required string Description { get; init; }

    [Observed] public required TagKind Kind { get; init; }

    /// <summary>Collections whose resources may have it.</summary>
    [Observed, JsonColumn] public IReadOnlyList<string> Carriers { get; init; } = [];

    /// <summary>What a value must be, in words.</summary>
    [Observed] public required string Allowed { get; init; }

    /// <summary>Of a choice: what may be chosen from.</summary>
    [Observed, JsonColumn] public IReadOnlyList<string> Choices { get; init; } = [];

    /// <summary>Of a reference: the collection that it refers to.</summary>
    [Observed] public string? RefersTo { get; init; }

    /// <summary>Assembly that declares it.</summary>
    [Observed] public required string Owner { get; init; }

    /// <summary>False when no manager that started lately declares it (its plugin is gone): it cannot be set, and what has it keeps it without effect.</summary>
    [Observed] public required bool Known { get; init; }
}
