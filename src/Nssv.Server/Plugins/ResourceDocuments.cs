using System.Text.Json;
using System.Text.Json.Nodes;
using Nssv.Kernel.Query;

namespace Nssv.Server.Plugins;

/// <summary>Rows as the API shows them: a plugin sees no more than that.</summary>
internal sealed class ResourceDocuments(Collections collections)
{
    public JsonObject Of(object row)
    {
        using var buffer = new MemoryStream();
        using (var writer = new Utf8JsonWriter(buffer))
            ResourceView.Write(writer, collections.Models.Table(row.GetType()), row);
        return JsonNode.Parse(buffer.ToArray())!.AsObject();
    }

    /// <summary>Those of these that there are.</summary>
    public async Task<IReadOnlyList<JsonObject>> Of(string kind, IReadOnlyList<Id> ids)
    {
        if (!collections.Models.TrySingular(kind, out var table))
            return [];
        var page = await collections.List(table, new ListQuery { Ids = ids, Limit = ListQuery.MostLimit }, AccessPredicate.All);
        return [.. page.Items.Select(Of)];
    }

    /// <summary>Null when there is none.</summary>
    public async Task<JsonObject?> Find(string kind, Id id)
    {
        if (!collections.Models.TrySingular(kind, out var table))
            return null;
        try
        {
            return Of(await collections.Get(table, id, AccessPredicate.All, new ListQuery()));
        }
        catch (ProblemException e) when (e.Problem.Status == StatusCodes.Status404NotFound)
        {
            return null;
        }
    }
}
