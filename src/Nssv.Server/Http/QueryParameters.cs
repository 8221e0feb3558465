using System.Buffers;
using System.Globalization;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;

namespace Nssv.Server.Http;

/// <summary>Parameters of the URL, as strictly as bodies: what is not known is refused, so that a misspelt filter never means "everything".</summary>
internal static class QueryParameters
{
    /// <exception cref="ProblemException">400 unknown-parameter or invalid-parameter.</exception>
    public static void Check(IQueryCollection query, params ReadOnlySpan<string> known)
    {
        foreach (var (name, values) in query)
        {
            if (!known.Contains(name))
            {
                throw new Problem(400, "unknown-parameter", "There is no such parameter here.", $"'{Shown(name)}' means nothing here.",
                    known.IsEmpty ? "Leave it out." : $"Possible are {string.Join(", ", known.ToArray())}.", Shown(name)).AsException();
            }
            if (values.Count != 1)
                throw HttpProblems.Parameter(name, $"'{name}' is there {values.Count} times.").AsException();
        }
    }

    /// <summary>The parameters of a DELETE as the JSON object that its request is made from.</summary>
    public static JsonElement AsObject(IQueryCollection query, IReadOnlyList<JsonPropertyInfo> fields)
    {
        Check(query, [.. fields.Select(field => field.Name)]);
        var buffer = new ArrayBufferWriter<byte>(64);
        using (var writer = new Utf8JsonWriter(buffer))
        {
            writer.WriteStartObject();
            foreach (var field in fields)
            {
                if (!query.TryGetValue(field.Name, out var text))
                    continue;
                writer.WritePropertyName(field.Name);
                WriteTyped(writer, text.ToString(), Nullable.GetUnderlyingType(field.PropertyType) ?? field.PropertyType);
            }
            writer.WriteEndObject();
        }
        return JsonDocument.Parse(buffer.WrittenMemory).RootElement;
    }

    public static bool Flag(IQueryCollection query, string name) => query[name].ToString() switch
    {
        "" or "false" => false,
        "true" => true,
        _ => throw HttpProblems.Parameter(name, $"'{name}' is true or false.").AsException(),
    };

    public static string? Text(IQueryCollection query, string name) => query.TryGetValue(name, out var value) ? value.ToString() : null;

    /// <summary>Names between commas; none when it is absent or empty.</summary>
    public static IReadOnlyList<string> Names(IQueryCollection query, string name) =>
        query.TryGetValue(name, out var text) && !string.IsNullOrWhiteSpace(text) ? text.ToString().Split(',', StringSplitOptions.TrimEntries) : [];

    public static long? Number(IQueryCollection query, string name, long least, long most)
    {
        if (!query.TryGetValue(name, out var text))
            return null;
        return long.TryParse(text.ToString(), NumberStyles.None, CultureInfo.InvariantCulture, out var number) && number >= least && number <= most
            ? number
            : throw HttpProblems.Parameter(name, $"'{name}' is a whole number from {least} to {most}.").AsException();
    }

    /// <summary>What is no number or flag stays text, and is refused as a field of the wrong kind.</summary>
    private static void WriteTyped(Utf8JsonWriter writer, string text, Type type)
    {
        if (type == typeof(bool) && text is "true" or "false")
            writer.WriteBooleanValue(text == "true");
        else if (type != typeof(string) && long.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var number))
            writer.WriteNumberValue(number);
        else
            writer.WriteStringValue(text);
    }

    private static string Shown(string name) => name.Length <= 80 ? name : name[..80] + "…";
}
