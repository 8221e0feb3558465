using System.Globalization;
using System.Text;
using System.Text.Json.Nodes;

namespace Nssv.Client;

/// <summary>Which resources of a collection, and in which order.</summary>
/// <param name="Filter">A filter in the API's grammar (AIP-160), for example <c>state = "running"</c>.</param>
/// <param name="Sort">An order, for example <c>createdAt desc</c>.</param>
/// <param name="Limit">No more than this many; null for all.</param>
public sealed record ListQuery(string? Filter = null, string? Sort = null, int? Limit = null)
{
    /// <summary>Only these fields of each, for example <c>name</c> and <c>host.name</c>; none for all.</summary>
    public IReadOnlyList<string> Fields { get; init; } = [];

    /// <summary>Resources to put into each, for example <c>host.cluster</c> or <c>volumes</c>.</summary>
    public IReadOnlyList<string> Expand { get; init; } = [];

    /// <summary>Only those with these ids; null for any. At most 100,000.</summary>
    public IReadOnlyList<string>? Ids { get; init; }

    /// <summary>What is asked about groups, for example <c>count</c> and <c>sum(memoryBytes)</c>; see <see cref="ApiClient.Groups"/>.</summary>
    public IReadOnlyList<string> Aggregate { get; init; } = [];

    /// <summary>One group for each value of these fields.</summary>
    public IReadOnlyList<string> GroupBy { get; init; } = [];

    /// <summary>Further parameters that a collection has of its own; a null value is not sent.</summary>
    public IReadOnlyList<KeyValuePair<string, string?>> Further { get; init; } = [];

    /// <summary>Everything, in the server's order.</summary>
    public static ListQuery All { get; } = new();

    /// <summary>Writes text as a literal of the filter grammar, in which an asterisk is no wildcard.</summary>
    public static string Quote(string text) =>
        $"\"{text.Replace("\\", "\\\\", StringComparison.Ordinal).Replace("\"", "\\\"", StringComparison.Ordinal).Replace("*", "\\*", StringComparison.Ordinal)}\"";

    /// <summary>What a URL has room for, escaped.</summary>
    private const int LongestUrl = 4_000;

    /// <summary>The request for one page: with a body if a URL cannot hold it.</summary>
    /// <param name="path">Of the collection.</param>
    /// <param name="pageSize">Null: the server's.</param>
    internal ApiRequest ToRequest(string path, int? pageSize, string? cursor)
    {
        var url = path + ToQueryString(pageSize, cursor);
        return Ids is null && url.Length <= LongestUrl
            ? new ApiRequest(HttpMethod.Get, url)
            : new ApiRequest(HttpMethod.Post, path + ":query") { Body = ToBody(pageSize, cursor), IsRead = true };
    }

    private JsonObject ToBody(int? pageSize, string? cursor)
    {
        var body = new JsonObject();
        Add("filter", Filter);
        Add("sort", Sort);
        Add("limit", pageSize);
        Add("cursor", cursor);
        foreach (var (name, values) in (IEnumerable<(string, IReadOnlyList<string>?)>)[("fields", Fields), ("expand", Expand), ("aggregate", Aggregate), ("groupBy", GroupBy), ("ids", Ids)])
        {
            Add(name, values is null || values.Count == 0 && name != "ids" ? null : new JsonArray([.. values.Select(value => (JsonNode)value)]));
        }

        return body;

        void Add(string name, JsonNode? value)
        {
            if (value is not null)
            {
                body[name] = value;
            }
        }
    }

    internal string ToQueryString(int? pageSize, string? cursor)
    {
        var query = new StringBuilder();
        Add("limit", pageSize?.ToString(CultureInfo.InvariantCulture));
        Add("filter", Filter);
        Add("sort", Sort);
        Add("fields", string.Join(',', Fields));
        Add("expand", string.Join(',', Expand));
        Add("aggregate", string.Join(',', Aggregate));
        Add("groupBy", string.Join(',', GroupBy));
        foreach (var (name, value) in Further)
        {
            Add(name, value);
        }

        Add("cursor", cursor);
        return query.ToString();

        void Add(string name, string? value)
        {
            if (!string.IsNullOrEmpty(value))
            {
                query.Append(query.Length == 0 ? '?' : '&').Append(name).Append('=').Append(Uri.EscapeDataString(value));
            }
        }
    }
}
