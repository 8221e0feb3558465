using Nssv.Cli.Output;

namespace Nssv.Cli.Resources;

/// <summary>One collection as the command line shows it.</summary>
/// <param name="Command">The command's name, for example <c>portgroup</c>.</param>
/// <param name="Collection">The collection in the API, for example <c>port-groups</c>.</param>
/// <param name="Noun">What a person calls one of them.</param>
/// <param name="Columns">What a list shows unless other columns are asked for.</param>
internal sealed record ResourceKind(string Command, string Collection, string Noun, IReadOnlyList<Column> Columns)
{
    /// <summary>The order of a list for which none is asked; null for the server's.</summary>
    public string? Sort { get; init; }

    /// <summary>References that only the full view names.</summary>
    public IReadOnlyList<Column> MoreReferences { get; init; } = [];

    /// <summary>What belongs to one of them and is shown below it: the kind, and its field that refers here.</summary>
    public IReadOnlyList<(ResourceKind Kind, string Field)> Parts { get; init; } = [];

    /// <summary>A list in one of them that is shown as a table below it: its field and what is shown of each entry.</summary>
    public (string Field, IReadOnlyList<Column> Columns)? Inner { get; init; }

    /// <summary>It carries labels and system tags.</summary>
    public bool IsLabelled { get; init; }

    /// <summary>One of them may be called by its name; else by its id alone.</summary>
    public bool HasNames { get; init; } = true;

    /// <summary>Several of them.</summary>
    public string Nouns { get; init; } = Noun + "s";

    /// <summary>The noun with its article: "a vm", "an image".</summary>
    public string OneNoun => "aeiou".Contains(Noun[0], StringComparison.Ordinal) ? $"an {Noun}" : $"a {Noun}";
}
