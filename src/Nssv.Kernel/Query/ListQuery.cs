namespace Nssv.Kernel.Query;

/// <summary>What a person asks of a collection.</summary>
public sealed record ListQuery
{
    public const int DefaultLimit = 50, MostLimit = 1000;

    /// <summary>What the rows must meet (https://google.aip.dev/160): <c>state = running AND host.cluster.name = "a"</c>.</summary>
    public string? Filter { get; init; }

    /// <summary>Fields, each with asc or desc (https://google.aip.dev/132): <c>createdAt desc, host.name</c>. Ties are broken by id; what is null comes before everything else.</summary>
    public string? Sort { get; init; }

    /// <summary>0 to 1000; 0 with <see cref="Count"/> only counts.</summary>
    public int? Limit { get; init; }

    /// <summary>NextCursor of the page before, with the same filter, sort and ids.</summary>
    public string? Cursor { get; init; }

    /// <summary>Also say how many there are in all.</summary>
    public bool Count { get; init; }

    /// <summary>Only these fields: <c>name</c>, <c>host.name</c>. Empty: all fields of the resource itself.</summary>
    public IReadOnlyList<string> Fields { get; init; } = [];

    /// <summary>Relations whose resources are put in as a whole: <c>host.cluster</c>, <c>volumes</c>.</summary>
    public IReadOnlyList<string> Expand { get; init; } = [];

    /// <summary>Only rows with these ids; null: any.</summary>
    public IReadOnlyList<Id>? Ids { get; init; }

    /// <summary>Groups instead of rows: <c>count</c>, <c>sum(memoryBytes)</c>, <c>min(createdAt)</c>, <c>max(host.name)</c>.</summary>
    public IReadOnlyList<string> Aggregate { get; init; } = [];

    /// <summary>One group for each value of these fields; none: one group of all.</summary>
    public IReadOnlyList<string> GroupBy { get; init; } = [];
}

/// <summary>One page of a collection.</summary>
/// <param name="NextCursor">Null on the last page.</param>
/// <param name="Count">All that the filter meets and the caller may see, if asked for.</param>
public sealed record Page<T>(IReadOnlyList<T> Items, string? NextCursor, long? Count)
{
    /// <summary>The groups, if an aggregation was asked for.</summary>
    public IReadOnlyList<ResourceGroup>? Groups { get; init; }
}

/// <summary>What one query may take.</summary>
public sealed record QueryLimits
{
    /// <summary>A statement that takes longer is stopped.</summary>
    public TimeSpan Longest { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>Resources that a page may have put into its rows.</summary>
    public int MostExpanded { get; init; } = 20_000;

    /// <summary>Rows at the other end of a join that are still gathered into a list (<see cref="FilterPlanner"/>).</summary>
    internal int LongestList { get; init; } = 2_000;

    /// <summary>Rows that are still gathered by an index and sorted.</summary>
    internal int MostSorted { get; init; } = 3_000;

    /// <summary>Rows that are counted to find out.</summary>
    internal int MostCounted { get; init; } = 20_000;

    /// <summary>Ids that are read beforehand and put into the statement (<see cref="ShortLists"/>).</summary>
    internal int MostListed { get; init; } = 250;

    /// <summary>Rows of a table that may be looked through for them.</summary>
    internal int SmallTable { get; init; } = 5_000;
}
