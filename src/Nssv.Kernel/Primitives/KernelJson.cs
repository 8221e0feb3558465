using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Serialization;
using System.Text.Json.Serialization.Metadata;
using System.Text.Unicode;

namespace Nssv.Kernel;

/// <summary>The one way in which the platform writes and reads JSON: camelCase, enums as camelCase text, times in UTC with microseconds.</summary>
public static class KernelJson
{
    /// <summary>For answers, JSON columns, events, and what the platform's own processes say to each other: unknown fields are passed over.</summary>
    public static JsonSerializerOptions Options { get; } = Create(strict: false);

    /// <summary>For what people and other programs send: unknown or repeated fields, nulls where none may be, and deep nesting are refused.</summary>
    public static JsonSerializerOptions Strict { get; } = Create(strict: true);

    private static JsonSerializerOptions Create(bool strict)
    {
        var options = new JsonSerializerOptions(JsonSerializerDefaults.Web)
        {
            PropertyNameCaseInsensitive = false,
            NumberHandling = JsonNumberHandling.Strict,
            Encoder = JavaScriptEncoder.Create(UnicodeRanges.All),
            TypeInfoResolver = new DefaultJsonTypeInfoResolver(),
        };
        options.Converters.Add(new JsonStringEnumConverter(JsonNamingPolicy.CamelCase, allowIntegerValues: false));
        options.Converters.Add(new TimeConverter());
        options.Converters.Add(new LabelsConverter());
        if (strict)
        {
            options.UnmappedMemberHandling = JsonUnmappedMemberHandling.Disallow;
            options.MaxDepth = 32;
            options.AllowDuplicateProperties = false;
            options.RespectNullableAnnotations = true;
            options.RespectRequiredConstructorParameters = true;
        }
        options.MakeReadOnly();
        return options;
    }

    /// <summary>RFC 3339 in UTC, as the API writes every time.</summary>
    public static string Text(DateTimeOffset time) =>
        time.UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss.FFFFFF'Z'", System.Globalization.CultureInfo.InvariantCulture);

    /// <summary>RFC 3339 with an offset; a time without one could mean anything and is refused.</summary>
    public static bool TryTime(string text, out DateTimeOffset time)
    {
        time = default;
        var hasOffset = text.Length > 10 && text[10] is 'T' or 't' && (text[^1] is 'Z' or 'z' || text.AsSpan(11).ContainsAny('+', '-'));
        return hasOffset && DateTimeOffset.TryParse(text, System.Globalization.CultureInfo.InvariantCulture,
            System.Globalization.DateTimeStyles.AdjustToUniversal, out time);
    }

    private sealed class TimeConverter : JsonConverter<DateTimeOffset>
    {
        public override DateTimeOffset Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options) =>
            reader.TokenType == JsonTokenType.String && TryTime(reader.GetString()!, out var time)
                ? time
                : throw new JsonException("A time is written as 2026-01-31T12:00:00Z (RFC 3339).");

        public override void Write(Utf8JsonWriter writer, DateTimeOffset value, JsonSerializerOptions options) => writer.WriteStringValue(Text(value));
    }

    /// <summary>Text by text in the order of keys, so that equal labels have equal JSON.</summary>
    private sealed class LabelsConverter : JsonConverter<IReadOnlyDictionary<string, string>>
    {
        public override IReadOnlyDictionary<string, string> Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options)
        {
            if (reader.TokenType != JsonTokenType.StartObject)
                throw new JsonException("Expected an object of texts.");
            var labels = new SortedDictionary<string, string>(StringComparer.Ordinal);
            while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
            {
                var key = reader.GetString()!;
                if (!reader.Read() || reader.TokenType != JsonTokenType.String)
                    throw new JsonException($"The value of '{key}' must be a text.");
                if (!labels.TryAdd(key, reader.GetString()!))
                    throw new JsonException($"'{key}' is there twice.");
            }
            return labels;
        }

        public override void Write(Utf8JsonWriter writer, IReadOnlyDictionary<string, string> value, JsonSerializerOptions options)
        {
            writer.WriteStartObject();
            foreach (var (key, text) in value.OrderBy(pair => pair.Key, StringComparer.Ordinal))
                writer.WriteString(key, text);
            writer.WriteEndObject();
        }
    }
}
