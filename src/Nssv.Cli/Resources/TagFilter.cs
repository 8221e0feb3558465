using System.Text;
using System.Text.RegularExpressions;
using Nssv.Client;

namespace Nssv.Cli.Resources;

/// <summary>
/// Some system tags hold the id of a resource. In a filter a person may give its name: <c>tags.compute.pinnedToHost = host-3</c>, which the platform would compare with ids and
/// never find.
/// </summary>
internal static partial class TagFilter
{
    /// <exception cref="Client.Problems.ApiProblemException">There is no resource of that name, or several.</exception>
    public static async Task<string?> Resolve(Invocation invocation, string? filter, CancellationToken cancellation)
    {
        if (filter?.Contains("tags.", StringComparison.Ordinal) != true)
        {
            return filter;
        }

        var declared = await SystemTags.References(invocation, cancellation);
        var (resolved, end) = (new StringBuilder(), 0);
        foreach (Match found in Comparison().Matches(filter))
        {
            if (!found.Groups["tag"].Success || !declared.TryGetValue(found.Groups["tag"].Value.Trim('"', '\''), out var collection))
            {
                continue;
            }

            foreach (Match value in Value().Matches(filter[..(found.Index + found.Length)], found.Groups["values"].Index))
            {
                var text = value.Value is ['"' or '\'', ..] ? Escape().Replace(value.Value[1..^1], "$1") : value.Value;
                // Null, what has asterisks, and what is an id already are meant as they are.
                if (value.Value != "null" && !value.Value.Contains('*', StringComparison.Ordinal) && !Guid.TryParseExact(text, "D", out _))
                {
                    resolved.Append(filter, end, value.Index - end).Append(ListQuery.Quote(await invocation.IdOf(collection, text, cancellation)));
                    end = value.Index + value.Length;
                }
            }
        }

        return resolved.Append(filter, end, filter.Length - end).ToString();
    }

    // A text in quotes is passed over as a whole: what is in it is no comparison.
    [GeneratedRegex(@"""(?:[^""\\]|\\.)*""|'(?:[^'\\]|\\.)*'|(?<![\w-])tags\.(?<tag>""[^""]*""|'[^']*'|[\w.-]+?)\s*(?:!=|=|\bIN\b\s*\()\s*(?<values>(?:(?:""(?:[^""\\]|\\.)*""|'(?:[^'\\]|\\.)*'|[\w.+/*-]+)(?:\s*,\s*(?!\s*$))?)+)")]
    private static partial Regex Comparison();

    [GeneratedRegex(@"""(?:[^""\\]|\\.)*""|'(?:[^'\\]|\\.)*'|[\w.+/*-]+")]
    private static partial Regex Value();

    [GeneratedRegex(@"\\(.)")]
    private static partial Regex Escape();
}
