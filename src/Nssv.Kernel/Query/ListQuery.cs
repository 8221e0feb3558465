using Nssv.Kernel.Model;

namespace Nssv.Kernel.Query;

/// <summary>What a person asks of a collection, as text from a URL.</summary>
public sealed record ListQuery
{
    public const int DefaultLimit = 50, MostLimit = 1000;

    /// <summary>Comparisons joined by AND (a part of https://google.aip.dev/160): <c>state = running AND memoryBytes &gt;= 4GiB</c>.</summary>
    public string? Filter { get; init; }

    /// <summary>Own fields, each with asc or desc (https://google.aip.dev/132): <c>createdAt desc, name</c>. Ties are broken by id; what is null comes before everything else.</summary>
    public string? Sort { get; init; }

    /// <summary>0 to 1000; 0 with <see cref="Count"/> only counts.</summary>
    public int? Limit { get; init; }

    /// <summary>NextCursor of the page before, with the same filter and sort.</summary>
    public string? Cursor { get; init; }

    /// <summary>Also say how many there are in all.</summary>
    public bool Count { get; init; }
}

/// <summary>One page of a collection.</summary>
/// <param name="NextCursor">Null on the last page.</param>
/// <param name="Count">All that the filter meets and the caller may see, if asked for.</param>
public sealed record Page<T>(IReadOnlyList<T> Items, string? NextCursor, long? Count);

/// <summary>Which rows the caller may see; part of every statement.</summary>
public abstract record AccessPredicate
{
    public static AccessPredicate All { get; } = new Everything();

    public static AccessPredicate InProjects(IEnumerable<Id> projects) => new Projects([.. projects.Distinct().Order()]);

    internal abstract void Append(SqlBuilder sql, TableModel table);

    private sealed record Everything : AccessPredicate
    {
        internal override void Append(SqlBuilder sql, TableModel table)
        {
        }
    }

    private sealed record Projects(IReadOnlyList<Id> Ids) : AccessPredicate
    {
        internal override void Append(SqlBuilder sql, TableModel table)
        {
            sql.And();
            if (Ids.Count == 0 || !table.TryColumn(nameof(Resource.ProjectId), out var column))
                sql.Text("1 = 0");
            else
                sql.Text($"{SqlBuilder.Name(column)} IN (").Values(Ids.Select(id => (object)id.ToString())).Text(")");
        }
    }
}
