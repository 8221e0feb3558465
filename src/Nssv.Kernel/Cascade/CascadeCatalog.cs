using System.Reflection;
using System.Text.Json;
using System.Text.Json.Nodes;
using Nssv.Kernel.Calls;
using Nssv.Kernel.Deletion;
using Nssv.Kernel.Model;

namespace Nssv.Kernel.Cascade;

/// <summary>How a row of each kind goes: by its own deletion, or as its <see cref="ICascadedKind"/> says.</summary>
public sealed class CascadeCatalog
{
    private readonly ResourceModels _models;
    private readonly TurnCatalog _turns;
    private readonly Dictionary<string, ICascadedKind> _kinds;

    /// <exception cref="ModelException">A kind goes by cascade, and nothing says how.</exception>
    public CascadeCatalog(ResourceModels models, TurnCatalog turns, IEnumerable<ICascadedKind> kinds)
    {
        (_models, _turns) = (models, turns);
        _kinds = kinds.ToDictionary(kind => kind.Kind, StringComparer.Ordinal);
        var lost = models.Resources
            .Where(table => table.References.Any(reference => reference.OnDelete == OnDelete.Cascade && turns.DeletionOf(reference.Target.Type) is not null))
            .Where(table => !_kinds.ContainsKey(table.Singular) && turns.DeletionOf(table.Type) is null)
            .Select(table => $"{table.Type.Name} goes by cascade, but it has neither a DeleteRequest nor an ICascadedKind").ToList();
        if (lost.Count > 0)
            throw new ModelException(lost);
    }

    public CascadeKind Kind(string kind) => _models.TrySingular(kind, out var table)
        ? new(kind, table.Rank, _kinds.TryGetValue(kind, out var own) ? own.Action : typeof(IRecyclable).IsAssignableFrom(table.Type) ? CascadeAction.Expunge : CascadeAction.Delete)
        : throw new InvalidOperationException($"'{kind}' is no kind of resource");

    /// <summary>Removes a row for good.</summary>
    public Request Remove(CascadeRow row)
    {
        if (_kinds.TryGetValue(row.Kind, out var kind))
            return kind.Remove(row);
        _models.TrySingular(row.Kind, out var table);
        var type = _turns.DeletionOf(table.Type) ?? throw new InvalidOperationException($"nothing deletes a {row.Kind}");
        var fields = new JsonObject { ["id"] = row.Id.ToString() };
        if (typeof(IRecyclable).IsAssignableFrom(table.Type))
            fields["expunge"] = true;
        return Read(type, fields);
    }

    /// <summary>How a person removes it for good, in the API's words: "DELETE /api/v1/virtual-machines/ID?expunge=true". Null when people cannot.</summary>
    public string? Way(CascadeRow row)
    {
        if (!_kinds.ContainsKey(row.Kind) && !(_models.TrySingular(row.Kind, out var table) && _turns.DeletionOf(table.Type) is not null))
            return null;
        var request = Remove(row);
        if (request.GetType().GetCustomAttribute<ApiRequestAttribute>() is not { } api)
            return null;
        var given = JsonSerializer.SerializeToNode(request, request.GetType(), KernelJson.Options)!.AsObject()
            .Where(field => field is { Key: not ("id" or "target"), Value: not null } && field.Value.GetValueKind() != JsonValueKind.False).ToDictionary(field => field.Key, field => field.Value!.DeepClone());
        var path = $"{api.Method} /api/v1/{api.Route.Replace("{id}", request.Target.ToString(), StringComparison.Ordinal)}";
        return given.Count == 0 ? path
            : api.Method == "DELETE" ? $"{path}?{string.Join('&', given.Select(flag => $"{flag.Key}={flag.Value.ToJsonString()}"))}"
            : $"{path} {new JsonObject(given!).ToJsonString()}";
    }

    /// <summary>People can remove a row of this kind by itself: there is a call that deletes it, or one that takes the link away.</summary>
    internal bool ByPeople(TableModel table) =>
        _kinds.TryGetValue(table.Singular, out var kind) ? kind.Action == CascadeAction.Detach : table.IsResource && _turns.DeletionOf(table.Type)?.IsDefined(typeof(ApiRequestAttribute)) == true;

    /// <summary>A request as a flow's context keeps it.</summary>
    internal Request Read(string name, JsonObject fields) => Read(_turns.TypeOf(name), fields);

    private static Request Read(Type type, JsonObject fields) => (Request)JsonSerializer.Deserialize(fields, type, KernelJson.Options)!;
}
