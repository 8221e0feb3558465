using System.Text.Json.Nodes;
using Nssv.Cli.Output;
using Nssv.Client;
using Nssv.Client.Problems;

namespace Nssv.Cli.Resources;

/// <summary>System tags as the platform declares them.</summary>
internal static class SystemTags
{
    public static IReadOnlyList<Column> Columns { get; } = [new("Tag", "tag"), new("Value", "value"), new("Refers to", "refersTo"), new("Title", "title"), new("What it does", "description")];

    /// <summary>Replaces names in the values of tags that refer to a resource by its id.</summary>
    public static async Task Resolve(Invocation invocation, JsonObject values, CancellationToken cancellation)
    {
        foreach (var (name, collection) in await References(invocation, cancellation))
        {
            if (values[name].AsText() is { } value)
            {
                values[name] = await invocation.IdOf(collection, value, cancellation);
            }
        }
    }

    /// <summary>The tags that hold an id, and the collection that it points into.</summary>
    public static async Task<IReadOnlyDictionary<string, string>> References(Invocation invocation, CancellationToken cancellation)
    {
        var references = new Dictionary<string, string>(StringComparer.Ordinal);
        foreach (var type in await Declared(invocation, "kind = reference", cancellation))
        {
            if (type["name"].AsText() is { } name && type["refersTo"].AsText() is { } collection)
            {
                references[name] = collection;
            }
        }

        return references;
    }

    /// <summary>Adds to the rows of a resource's tags what each means. One that nobody declares any more says so.</summary>
    public static async Task Describe(Invocation invocation, IReadOnlyList<JsonObject> rows, CancellationToken cancellation)
    {
        var types = rows.Count == 0 ? [] : await Declared(invocation, null, cancellation);
        foreach (var row in rows)
        {
            var type = types.FirstOrDefault(type => type["name"].AsText() == row["tag"].AsText());
            row["title"] = type?["title"].AsText();
            row["description"] = type is not null && type["known"].IsTrue() ? type["description"].AsText() : "No manager declares it any more: it does nothing.";
            if (type?["refersTo"].AsText() is { } collection && row["value"].AsText() is { } id)
            {
                row["refersTo"] = await NameOf(invocation, collection, id, cancellation);
            }
        }
    }

    /// <summary>The name of what a tag leads to; its id when this caller may not read it; null when it is gone.</summary>
    private static async Task<string?> NameOf(Invocation invocation, string collection, string id, CancellationToken cancellation)
    {
        try
        {
            return (await invocation.Client.Get(collection, id, cancellation))["name"].AsText();
        }
        catch (ApiProblemException none) when (none.Problem.Status == 404)
        {
            return null;
        }
        catch (ApiProblemException hidden) when (hidden.Problem.Status == 403)
        {
            return id;
        }
    }

    private static async Task<IReadOnlyList<JsonObject>> Declared(Invocation invocation, string? filter, CancellationToken cancellation)
    {
        var types = new List<JsonObject>();
        await foreach (var type in invocation.Client.List(ResourceKinds.TagType.Collection, new ListQuery(filter), cancellation))
        {
            types.Add(type);
        }

        return types;
    }
}
