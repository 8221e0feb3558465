using Nssv.Kernel.Model;

namespace Nssv.Kernel.Cascade;

/// <summary>One resource as the planner sees it.</summary>
/// <param name="Kind">Singular kebab-case.</param>
/// <param name="Links">What it refers to.</param>
public sealed record CascadeRow(string Kind, Id Id, string? Name, IReadOnlyList<CascadeLink> Links)
{
    /// <summary>It lies in the recycle bin, where lists do not show it.</summary>
    public bool IsRecycled { get; init; }

    /// <summary>For people: its kind, its name and its id.</summary>
    public string Title => $"{(Name is null ? $"{Kind} {Id}" : $"{Kind} '{Name}' ({Id})")}{(IsRecycled ? " in the recycle bin" : "")}";

    /// <summary>What a reference of this row refers to.</summary>
    /// <param name="property">The declared property: "ClusterId".</param>
    public Id Reference(string property) =>
        Links.FirstOrDefault(link => link.Property == property) is { To.IsNone: false } link ? link.To : throw new InvalidOperationException($"{Kind} {Id} has no {property}");
}

/// <summary>A reference that is not null.</summary>
public readonly record struct CascadeLink(string Property, OnDelete OnDelete, Id To);

/// <summary>Something that keeps a resource from being deleted.</summary>
/// <param name="Because">What is in the way, with names.</param>
/// <param name="Advice">What the person can do about it.</param>
public sealed record CascadeHindrance(string Kind, Id Id, string? Name, string Because, string Advice);

/// <summary>A row whose reference is set to null; the row itself stays.</summary>
/// <param name="Property">The reference.</param>
/// <param name="From">What it refers to until then.</param>
public sealed record DetachedRow(CascadeRow Row, string Property, Id From);

/// <summary>What a kind's rows are to the planner.</summary>
/// <param name="Action">What is done with a row of this kind that goes.</param>
public sealed record CascadeKind(string Kind, int Rank, CascadeAction Action);

/// <summary>What is done with a resource.</summary>
public enum CascadeAction
{
    /// <summary>Deleted as its kind's own deletion does.</summary>
    Delete,
    /// <summary>Removed for good, past the recycle bin.</summary>
    Expunge,
    /// <summary>Put into the recycle bin, from which it can be recovered.</summary>
    Recycle,
    /// <summary>A link is taken away, or a reference is set to null; what it joined stays.</summary>
    Detach,
}

/// <summary>What was read for a plan, at one moment.</summary>
/// <param name="Target">What is to be deleted.</param>
/// <param name="Rows">What goes with it or because of it, without the target.</param>
/// <param name="Hindrances">The first of what stands in the way.</param>
/// <param name="HindranceCount">All of it.</param>
public sealed record CascadeSnapshot(
    CascadeRow Target, IReadOnlyList<CascadeRow> Rows, IReadOnlyList<DetachedRow> Detached, IReadOnlyList<CascadeHindrance> Hindrances, long HindranceCount);
