using System.Text.Json.Nodes;

namespace Nssv.Cli.Output;

/// <summary>One column of a list.</summary>
/// <param name="Header">Its heading.</param>
/// <param name="Path">Where its value is, for example <c>target.id</c>; the unit follows from the name.</param>
/// <param name="Reference">The collection that an id points into, so that its name can be shown instead.</param>
internal sealed record Column(string Header, string Path, string? Reference = null)
{
    /// <summary>What is shown where the field alone does not say it; null: its value.</summary>
    public Func<JsonObject, string?>? Shown { get; init; }

    /// <summary>A column that a person asked for by its field's name.</summary>
    public static Column OfField(string path, IEnumerable<Column> known) =>
        known.FirstOrDefault(column => string.Equals(column.Path, path, StringComparison.OrdinalIgnoreCase) || string.Equals(column.Header, path, StringComparison.OrdinalIgnoreCase))
        ?? new Column(Words.Of(path), path);
}
