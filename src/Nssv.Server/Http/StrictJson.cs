using System.Text.Json;
using System.Text.Json.Serialization.Metadata;

namespace Nssv.Server.Http;

/// <summary>
/// Reads what people send. Everything that is wrong is found in one go and named by its path: unknown, repeated and missing fields,
/// nulls and values of the wrong kind. Nothing is guessed, nothing is passed over.
/// </summary>
internal static class StrictJson
{
    private const int MostErrors = 20;
    private const int LongestNameShown = 80;
    private static readonly JsonDocumentOptions Reading = new() { MaxDepth = 32 };

    /// <summary>Parses one JSON object.</summary>
    /// <exception cref="ProblemException">400 malformed-json.</exception>
    public static JsonElement ParseObject(ReadOnlyMemory<byte> body)
    {
        if (!RequestBody.IsUtf8(body.Span))
            throw HttpProblems.Malformed("It is not UTF-8.").AsException();
        JsonElement root;
        try
        {
            using var document = JsonDocument.Parse(body, Reading);
            root = document.RootElement.Clone();
        }
        catch (JsonException e)
        {
            throw new ProblemException(HttpProblems.Malformed(WithoutPlace(e)), e);
        }
        return root.ValueKind == JsonValueKind.Object ? root : throw HttpProblems.Malformed($"It is {Kind(root)}, not an object.").AsException();
    }

    /// <summary>Everything that keeps <paramref name="value"/> from being a <paramref name="type"/>.</summary>
    /// <param name="allowed">Which fields of the outermost object may be sent.</param>
    public static IReadOnlyList<FieldError> Check(JsonElement value, Type type, Func<string, bool> allowed)
    {
        var errors = new List<FieldError>();
        try
        {
            CheckRepeats(value, "", errors);
            CheckObject(value, KernelJson.Strict.GetTypeInfo(type), "", allowed, errors);
        }
        catch (InvalidOperationException e)
        {
            // Text that is no text: half of a surrogate pair behind a \u escape.
            throw new ProblemException(HttpProblems.Malformed("A text in it has half of a surrogate pair."), e);
        }
        return errors.Count <= MostErrors ? errors : errors[..MostErrors];
    }

    /// <summary>Makes a <typeparamref name="T"/> of what was sent.</summary>
    /// <exception cref="ProblemException">400 with every wrong field.</exception>
    public static T Read<T>(JsonElement value) => Check(value, typeof(T), static _ => true) is { Count: > 0 } errors
        ? throw HttpProblems.Invalid(errors).AsException()
        : value.Deserialize<T>(KernelJson.Strict)!;

    /// <summary>What keeps a single value from being a <paramref name="type"/>; null when nothing does.</summary>
    public static FieldError? CheckValue(JsonElement value, Type type, bool nullable, string path)
    {
        var errors = new List<FieldError>();
        CheckRepeats(value, path, errors);
        if (value.ValueKind == JsonValueKind.Null)
            return nullable ? null : new(path, "null", "It cannot be null.");
        CheckKind(value, KernelJson.Strict.GetTypeInfo(type), path, errors);
        return errors.Count > 0 ? errors[0] : null;
    }

    private static void CheckKind(JsonElement value, JsonTypeInfo type, string path, List<FieldError> errors)
    {
        switch (type.Kind)
        {
            case JsonTypeInfoKind.Object:
                CheckObject(value, type, path, static _ => true, errors);
                break;
            case JsonTypeInfoKind.Enumerable when value.ValueKind == JsonValueKind.Array:
                var i = 0;
                foreach (var item in value.EnumerateArray())
                    CheckItem(item, type, $"{path}[{i++}]", errors);
                break;
            case JsonTypeInfoKind.Dictionary when value.ValueKind == JsonValueKind.Object:
                foreach (var item in value.EnumerateObject())
                    CheckItem(item.Value, type, Join(path, item.Name), errors);
                break;
            case JsonTypeInfoKind.Enumerable:
                errors.Add(new(path, "wrong-type", $"It must be a list, not {Kind(value)}."));
                break;
            case JsonTypeInfoKind.Dictionary:
                errors.Add(new(path, "wrong-type", $"It must be an object, not {Kind(value)}."));
                break;
            default:
                CheckLeaf(value, type, path, errors);
                break;
        }
    }

    private static void CheckItem(JsonElement item, JsonTypeInfo list, string path, List<FieldError> errors)
    {
        if (item.ValueKind == JsonValueKind.Null)
            errors.Add(new(path, "null", "It cannot be null."));
        else
            CheckKind(item, KernelJson.Strict.GetTypeInfo(list.ElementType!), path, errors);
    }

    private static void CheckObject(JsonElement value, JsonTypeInfo type, string path, Func<string, bool> allowed, List<FieldError> errors)
    {
        if (value.ValueKind != JsonValueKind.Object)
        {
            errors.Add(new(path, "wrong-type", $"It must be an object, not {Kind(value)}."));
            return;
        }
        var fields = type.Properties.Where(property => allowed(property.Name) && (property.Set is not null || property.AssociatedParameter is not null))
            .ToDictionary(property => property.Name, StringComparer.Ordinal);
        foreach (var given in value.EnumerateObject())
        {
            var at = Join(path, given.Name);
            if (!fields.TryGetValue(given.Name, out var field))
                errors.Add(new(at, "unknown-field", Unknown(given.Name, fields.Keys)));
            else if (given.Value.ValueKind != JsonValueKind.Null)
                CheckKind(given.Value, KernelJson.Strict.GetTypeInfo(field.PropertyType), at, errors);
            else if (!MayBeNull(field))
                errors.Add(new(at, "null", "It cannot be null."));
        }
        foreach (var field in fields.Values.Where(field => IsRequired(field) && !value.TryGetProperty(field.Name, out _)))
            errors.Add(new(Join(path, field.Name), "required", $"'{field.Name}' is missing."));
    }

    public static bool IsRequired(JsonPropertyInfo field) => field.IsRequired || field.AssociatedParameter is { HasDefaultValue: false };

    public static bool MayBeNull(JsonPropertyInfo field) =>
        field.PropertyType.IsValueType ? Nullable.GetUnderlyingType(field.PropertyType) is not null : field.AssociatedParameter?.IsNullable ?? field.IsSetNullable;

    private static void CheckLeaf(JsonElement value, JsonTypeInfo type, string path, List<FieldError> errors)
    {
        try
        {
            value.Deserialize(type);
        }
        catch (Exception e) when (e is JsonException or FormatException or OverflowException)
        {
            errors.Add(new(path, "wrong-type", $"It must be {Expected(type.Type)}."));
        }
    }

    private static string Expected(Type type)
    {
        type = Nullable.GetUnderlyingType(type) ?? type;
        return type == typeof(Id) ? "an id: a UUID in lower case with hyphens"
            : type.IsEnum ? "one of " + string.Join(", ", Enum.GetNames(type).Select(JsonNamingPolicy.CamelCase.ConvertName))
            : type == typeof(bool) ? "true or false"
            : type == typeof(string) ? "a text"
            : type == typeof(int) ? $"a whole number from {int.MinValue} to {int.MaxValue}"
            : type == typeof(long) ? $"a whole number from {long.MinValue} to {long.MaxValue}"
            : type == typeof(double) ? "a number"
            : type == typeof(DateTimeOffset) ? "a time such as 2026-01-31T12:00:00Z"
            : typeof(System.Collections.IEnumerable).IsAssignableFrom(type) ? "an object of texts"
            : "of another kind";
    }

    private static void CheckRepeats(JsonElement value, string path, List<FieldError> errors)
    {
        if (value.ValueKind == JsonValueKind.Array)
        {
            var i = 0;
            foreach (var item in value.EnumerateArray())
                CheckRepeats(item, $"{path}[{i++}]", errors);
        }
        else if (value.ValueKind == JsonValueKind.Object)
        {
            var names = new HashSet<string>(StringComparer.Ordinal);
            foreach (var field in value.EnumerateObject())
            {
                if (!names.Add(field.Name))
                    errors.Add(new(Join(path, field.Name), "repeated-field", "It is there twice."));
                CheckRepeats(field.Value, Join(path, field.Name), errors);
            }
        }
    }

    private static string Unknown(string name, IEnumerable<string> known)
    {
        var alike = known.FirstOrDefault(field => field.Equals(name, StringComparison.OrdinalIgnoreCase));
        return alike is null ? "There is no such field here." : $"There is no such field here; did you mean '{alike}'?";
    }

    private static string Join(string path, string name)
    {
        var shown = name.Length <= LongestNameShown ? name : name[..LongestNameShown] + "…";
        return path.Length == 0 ? shown : $"{path}.{shown}";
    }

    private static string Kind(JsonElement value) => value.ValueKind switch
    {
        JsonValueKind.Object => "an object",
        JsonValueKind.Array => "a list",
        JsonValueKind.String => "a text",
        JsonValueKind.Number => "a number",
        JsonValueKind.True or JsonValueKind.False => "true or false",
        _ => "null",
    };

    private static string WithoutPlace(JsonException e)
    {
        var end = e.Message.IndexOf(" LineNumber:", StringComparison.Ordinal);
        var place = e.LineNumber is { } line ? $" (line {line + 1}, byte {e.BytePositionInLine})" : "";
        return (end < 0 ? e.Message : e.Message[..end]) + place;
    }
}
