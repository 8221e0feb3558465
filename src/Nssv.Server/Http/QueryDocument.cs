using Nssv.Kernel.Query;

namespace Nssv.Server.Http;

/// <summary>The body of <c>POST /api/v1/&lt;collection&gt;:query</c>: what the list's parameters say, and ids.</summary>
internal sealed record QueryDocument(
    string? Filter = null,
    string? Sort = null,
    int? Limit = null,
    string? Cursor = null,
    bool Count = false,
    IReadOnlyList<string>? Fields = null,
    IReadOnlyList<string>? Expand = null,
    IReadOnlyList<string>? Aggregate = null,
    IReadOnlyList<string>? GroupBy = null,
    IReadOnlyList<Id>? Ids = null)
{
    /// <summary>Room for 100,000 ids, also when the JSON is indented.</summary>
    public const int LongestBody = 8 * 1024 * 1024;

    private const int MostIds = 100_000;

    /// <exception cref="ProblemException">400: too many ids.</exception>
    public ListQuery AsQuery() => Ids is { Count: > MostIds }
        ? throw Problems.Invalid("ids", $"{Ids.Count} ids are too many for one query; it takes {MostIds}.", "Ask several times.", "too-many-ids").AsException()
        : new()
        {
            Filter = Filter,
            Sort = Sort,
            Limit = Limit,
            Cursor = Cursor,
            Count = Count,
            Fields = Fields ?? [],
            Expand = Expand ?? [],
            Aggregate = Aggregate ?? [],
            GroupBy = GroupBy ?? [],
            Ids = Ids,
        };
}
