using System.Reflection;
using System.Text.Json;
using System.Text.Json.Nodes;
using Nssv.Kernel.Model;

namespace Nssv.Kernel.Calls.Patching;

/// <summary>Applies a merge patch to a record without touching the record.</summary>
internal static class Patch
{
    private static readonly MethodInfo Clone = typeof(object).GetMethod("MemberwiseClone", BindingFlags.Instance | BindingFlags.NonPublic)!;

    /// <returns>The changed copy; <paramref name="before"/> itself when nothing differs.</returns>
    /// <exception cref="ProblemException">400 with every field that is not editable, not nullable or of another kind.</exception>
    public static T Apply<T>(TableModel model, T before, JsonObject patch) where T : Resource
    {
        var after = (T)Clone.Invoke(before, null)!;
        var errors = new List<FieldError>();
        var changed = false;
        foreach (var (name, value) in patch)
        {
            if (!model.TryField(name, out var field) || !field.Editable)
            {
                errors.Add(new(name, "not-editable", $"'{name}' of {model.One} cannot be changed."));
                continue;
            }
            var was = JsonSerializer.SerializeToNode(field.Info.GetValue(before), field.Info.PropertyType, KernelJson.Options);
            var becomes = Merge(was, value, field);
            if (JsonNode.DeepEquals(was, becomes))
                continue;
            if (becomes is null && !field.Nullable)
            {
                errors.Add(new(name, "null", $"'{name}' cannot be null."));
                continue;
            }
            try
            {
                field.Info.SetValue(after, becomes.Deserialize(field.Info.PropertyType, KernelJson.Strict));
                changed = true;
            }
            catch (Exception e) when (e is JsonException or InvalidOperationException or FormatException)
            {
                errors.Add(new(name, "wrong-type", $"'{name}' is of another kind."));
            }
        }
        return errors.Count > 0 ? throw Invalid(errors).AsException() : changed ? after : before;
    }

    public static Problem Invalid(List<FieldError> errors) =>
        new(400, errors.Count == 1 ? errors[0].Code : "invalid-request", "The request is not valid.", errors[0].Detail, $"Correct '{errors[0].Field}' and send the request again.", errors[0].Field)
        {
            Errors = errors,
        };

    /// <summary>RFC 7396: objects are merged, everything else is replaced. A JSON column that cannot be null (labels) becomes empty instead.</summary>
    private static JsonNode? Merge(JsonNode? was, JsonNode? patch, ColumnModel? field = null)
    {
        if (patch is null && field is { Kind: ColumnKind.Json, Nullable: false })
            return was is JsonArray ? new JsonArray() : new JsonObject();
        if (patch is not JsonObject changes)
            return patch?.DeepClone();
        var merged = was as JsonObject is { } old ? (JsonObject)old.DeepClone() : [];
        foreach (var (key, value) in changes)
        {
            if (value is null)
                merged.Remove(key);
            else
                merged[key] = Merge(merged[key], value);
        }
        return merged;
    }
}
