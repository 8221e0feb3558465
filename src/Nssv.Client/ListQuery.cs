using System.Globalization;
using System.Text;

namespace Nssv.Client;

/// <summary>Which resources of a collection, and in which order.</summary>
/// <param name="Filter">A filter in the API's grammar (AIP-160), for example <c>state = "running"</c>.</param>
/// <param name="Sort">An order, for example <c>createdAt desc</c>.</param>
/// <param name="Limit">No more than this many; null for all.</param>
public sealed record ListQuery(string? Filter = null, string? Sort = null, int? Limit = null)
{
    /// <summary>Further parameters that a collection has of its own; a null value is not sent.</summary>
    public IReadOnlyList<KeyValuePair<string, string?>> Further { get; init; } = [];

    /// <summary>Everything, in the server's order.</summary>
    public static ListQuery All { get; } = new();

    /// <summary>Writes text as a literal of the filter grammar.</summary>
    public static string Quote(string text) => $"\"{text.Replace("\\", "\\\\", StringComparison.Ordinal).Replace("\"", "\\\"", StringComparison.Ordinal)}\"";

    internal string ToQueryString(int pageSize, string? cursor)
    {
        var query = new StringBuilder("?limit=").Append(pageSize.ToString(CultureInfo.InvariantCulture));
        Add("filter", Filter);
        Add("sort", Sort);
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
                query.Append('&').Append(name).Append('=').Append(Uri.EscapeDataString(value));
            }
        }
    }
}
