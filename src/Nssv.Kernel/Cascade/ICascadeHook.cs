using Nssv.Kernel.Calls;
using Nssv.Kernel.Data;

namespace Nssv.Kernel.Cascade;

/// <summary>
/// Knows of one kind what its references do not tell: what else stands in the way of a deletion, and what else goes with it. Asked for every plan; found wherever turns are.
/// It reads, and is deterministic: the same rows, the same answer. One that throws, or takes too long, stands in the way itself.
/// </summary>
public interface ICascadeHook
{
    /// <summary>Singular kebab-case.</summary>
    string Kind { get; }

    ValueTask<CascadeFindings> Look(CascadeLook look, CancellationToken cancel);
}

/// <summary>What a hook is shown.</summary>
/// <param name="Rows">Of its kind, what is to go by itself: neither the target nor parts of something else.</param>
/// <param name="Goes">Whether this resource goes as well: in the plan, or the target.</param>
public sealed record CascadeLook(CascadeRow Target, IReadOnlyList<CascadeRow> Rows, Predicate<Id> Goes, IStore Store)
{
    public IReadOnlyCollection<Id> Ids { get; } = [.. Rows.Select(row => row.Id)];
}

/// <summary>What a hook found.</summary>
public sealed record CascadeFindings
{
    public static readonly CascadeFindings None = new();

    public IReadOnlyList<CascadeHindrance> Hindrances { get; init; } = [];

    /// <summary>Resources that go too, with what depends on them.</summary>
    public IReadOnlyList<CascadeAddition> Also { get; init; } = [];
}

/// <summary>Something that goes though no reference says so.</summary>
/// <param name="Kind">Singular kebab-case.</param>
/// <param name="Because">For people.</param>
public sealed record CascadeAddition(string Kind, Id Id, string Because);

/// <summary>How a row goes whose kind has no <see cref="DeleteRequest"/>: a link that is detached, a copy that is dropped. Found wherever turns are.</summary>
public interface ICascadedKind
{
    /// <summary>Singular kebab-case.</summary>
    string Kind { get; }

    CascadeAction Action { get; }

    Request Remove(CascadeRow row);
}
