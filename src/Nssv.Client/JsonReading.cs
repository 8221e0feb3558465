using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace Nssv.Client;

/// <summary>Reads single values out of answers without trusting their types: what is absent or of another type is null.</summary>
public static class JsonReading
{
    /// <summary>The value as text; numbers and booleans in their JSON form.</summary>
    public static string? AsText(this JsonNode? node) => node is not JsonValue value ? null : value.GetValueKind() switch
    {
        JsonValueKind.String => value.GetValue<string>(),
        JsonValueKind.Null => null,
        _ => value.ToJsonString(),
    };

    /// <summary>The value as a whole number.</summary>
    public static long? AsInt64(this JsonNode? node) =>
        node is JsonValue value && value.GetValueKind() is JsonValueKind.Number && long.TryParse(value.ToJsonString(), NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var number) ? number : null;

    /// <summary>The value as a whole number of 32 bits.</summary>
    public static int? AsInt32(this JsonNode? node) => node.AsInt64() is { } number and >= int.MinValue and <= int.MaxValue ? (int)number : null;

    /// <summary>True only for the JSON value true.</summary>
    public static bool IsTrue(this JsonNode? node) => node is JsonValue value && value.GetValueKind() is JsonValueKind.True;

    /// <summary>The value as a time.</summary>
    public static DateTimeOffset? AsTime(this JsonNode? node) =>
        node.AsText() is { } text && DateTimeOffset.TryParse(text, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out var time) ? time : null;

    /// <summary>The value at a dotted path, for example <c>target.id</c>; of a list on the way, the values of all.</summary>
    public static JsonNode? At(this JsonNode? node, string path)
    {
        var names = path.Split('.');
        for (var i = 0; i < names.Length; i++)
        {
            if (node is JsonArray list)
            {
                var rest = string.Join('.', names[i..]);
                return new JsonArray([.. list.Select(item => item.At(rest)?.DeepClone())]);
            }

            node = (node as JsonObject)?[names[i]];
        }

        return node;
    }
}
