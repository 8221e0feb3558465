using System.Collections.Frozen;

namespace Nssv.Kernel.Query;

/// <summary>How the joins of one filter are written for a database that does not know how many rows meet them.</summary>
/// <param name="Wide">So many rows at their other end that a list of them costs more than looking at each row of this table.</param>
/// <param name="Broad">So many rows of this table that they are better met in the order asked for than gathered by an index and sorted.</param>
/// <param name="Joined">A label that very many of the rows counted have, and all of them must: a join of its rows is not gathered first.</param>
internal sealed record FilterPlan(IReadOnlySet<FilterNode> Wide, IReadOnlySet<FilterNode> Broad, FilterNode? Joined = null)
{
    private static readonly FrozenSet<FilterNode> None = FrozenSet<FilterNode>.Empty;

    /// <summary>As written: the database knows better.</summary>
    public static FilterPlan Plain { get; } = new(None, None);
}
