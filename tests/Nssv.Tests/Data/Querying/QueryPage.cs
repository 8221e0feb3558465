using System.Text.RegularExpressions;

namespace Nssv.Tests.Data.Querying;

/// <summary>The examples of docs/query.md.</summary>
internal static partial class QueryPage
{
    /// <param name="Expected">The names of what it meets, in order.</param>
    public sealed record FilterExample(string Collection, string Filter, IReadOnlyList<string> Expected);

    /// <param name="Body">Null for GET.</param>
    /// <param name="Expected">JSON, in which a text "…" is anything.</param>
    public sealed record CallExample(string Path, string? Body, string Expected);

    /// <param name="Events">Each a type, and the resource as JSON if it has one.</param>
    public sealed record WatchExample(string Path, IReadOnlyList<string> Events);

    public static IReadOnlyList<FilterExample> Filters =>
    [
        .. Blocks("filters of ").SelectMany(block => block.Lines.Select(line => line.Split('→') is [var filter, var names]
            ? new FilterExample(block.Info["filters of ".Length..], filter.Trim(), names.Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries))
            : throw new FormatException(line))),
    ];

    public static IReadOnlyList<CallExample> Calls => [.. Blocks("call").Select(block => block.Lines[0].Split(' ', 2) switch
    {
        ["GET", var path] => new CallExample(path, null, string.Concat(block.Lines.Skip(1))),
        ["POST", var path] => new CallExample(path, block.Lines[1], string.Concat(block.Lines.Skip(2))),
        _ => throw new FormatException(block.Lines[0]),
    })];

    public static IReadOnlyList<WatchExample> Watches => [.. Blocks("watch").Select(block => new WatchExample(block.Lines[0]["GET ".Length..], block.Lines[1..]))];

    private static IEnumerable<(string Info, string[] Lines)> Blocks(string kind) =>
        Fence().Matches(File.ReadAllText(Find())).Where(match => match.Groups[1].Value.StartsWith(kind, StringComparison.Ordinal))
            .Select(match => (match.Groups[1].Value.Trim(), match.Groups[2].Value.Split('\n', StringSplitOptions.RemoveEmptyEntries)));

    private static string Find()
    {
        for (var folder = new DirectoryInfo(AppContext.BaseDirectory); folder is not null; folder = folder.Parent)
        {
            if (File.Exists(Path.Combine(folder.FullName, "docs", "query.md")))
                return Path.Combine(folder.FullName, "docs", "query.md");
        }
        throw new FileNotFoundException("docs/query.md");
    }

    [GeneratedRegex("^```([^\\n]+)\\n(.*?)^```", RegexOptions.Multiline | RegexOptions.Singleline)]
    private static partial Regex Fence();
}
