using System.Text.Json.Nodes;
using Nssv.Client;

namespace Nssv.Cli.Output;

/// <summary>The names behind the ids of a list, so that a person reads "host-1" and not a UUID.</summary>
internal sealed class ReferenceNames
{
    // Beyond this, one look-up would cost more than the list itself; ids are shown then.
    private const int MostNames = 1000;
    private readonly Dictionary<(string Collection, string Id), string> names = [];

    public static ReferenceNames None { get; } = new();

    /// <summary>Looks up the names that the columns of these items need: one list for each collection referred to.</summary>
    public static async Task<ReferenceNames> For(ApiClient client, IReadOnlyList<JsonObject> items, IReadOnlyList<Column> columns, CancellationToken cancellation)
    {
        var found = new ReferenceNames();
        foreach (var column in columns.Where(column => column.Reference is not null && items.Any(item => item.At(column.Path) is not null)).DistinctBy(column => column.Reference))
        {
            await foreach (var referred in client.List(column.Reference!, new ListQuery(Limit: MostNames), cancellation))
            {
                if (referred["id"].AsText() is { } id && referred["name"].AsText() is { Length: > 0 } name)
                {
                    found.names[(column.Reference!, id)] = name;
                }
            }
        }

        return found;
    }

    public string Cell(Column column, JsonObject item, CellText cells) => NameOf(column, item) ?? (column.Shown?.Invoke(item) is { Length: > 0 } shown ? Printable.Of(shown) : null) ?? cells.Short(column.Path, item.At(column.Path));

    /// <summary>The name of what this column of the item refers to; null when there is none, or when it was not looked up.</summary>
    public string? NameOf(Column column, JsonObject item) =>
        column.Reference is not null && item.At(column.Path).AsText() is { } id && names.TryGetValue((column.Reference, id), out var name)
            ? Printable.Of(name)
            : null;
}
