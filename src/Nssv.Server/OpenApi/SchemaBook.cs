using System.Collections;
using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.Json.Serialization.Metadata;
using Nssv.Kernel.Model;
using Nssv.Server.Http;

namespace Nssv.Server.OpenApi;

/// <summary>Schemas of everything that is sent or answered (OpenAPI 3.0.3, schema object), each record once under its own name.</summary>
internal sealed class SchemaBook
{
    private readonly Dictionary<string, Type> _owners = new(StringComparer.Ordinal);

    public JsonObject Schemas { get; } = [];

    /// <summary>A resource as it is answered: public fields, those that cannot be edited marked readOnly.</summary>
    public JsonObject Resource(TableModel table) => Named(table.Type.Name, table.Type, () =>
    {
        var properties = new JsonObject();
        foreach (var column in table.Columns.Where(column => column.Public))
        {
            var schema = Nullable(Of(column.ClrType), column.Nullable);
            properties[column.JsonName] = column.Editable || schema.ContainsKey("$ref") ? schema : With(schema, "readOnly", true);
        }
        return Object(properties, table.Columns.Where(column => column.Public && !column.Nullable).Select(column => column.JsonName));
    });

    /// <summary>What a PATCH of a resource may hold.</summary>
    public JsonObject Patch(TableModel table) => Named("Patch" + table.Type.Name, typeof(Kernel.Calls.Patching.PatchResource<>).MakeGenericType(table.Type), () =>
    {
        var properties = new JsonObject();
        foreach (var column in table.Columns.Where(column => column.Editable))
            properties[column.JsonName] = Nullable(Of(column.ClrType), column.Nullable);
        return With(Object(properties, []), "additionalProperties", false);
    });

    /// <summary>What is sent with a declared request.</summary>
    public JsonObject Request(ApiRoute route) => Named(route.Type.Name, route.Type, () => With(Fields(route.Fields), "additionalProperties", false));

    public JsonObject Of(Type type)
    {
        type = System.Nullable.GetUnderlyingType(type) ?? type;
        if (type == typeof(Id))
            return new JsonObject { ["type"] = "string", ["format"] = "uuid" };
        if (type == typeof(string))
            return new JsonObject { ["type"] = "string" };
        if (type == typeof(bool))
            return new JsonObject { ["type"] = "boolean" };
        if (type == typeof(int))
            return new JsonObject { ["type"] = "integer", ["format"] = "int32" };
        if (type == typeof(long))
            return new JsonObject { ["type"] = "integer", ["format"] = "int64" };
        if (type == typeof(double))
            return new JsonObject { ["type"] = "number", ["format"] = "double" };
        if (type == typeof(DateTimeOffset))
            return new JsonObject { ["type"] = "string", ["format"] = "date-time" };
        if (type == typeof(JsonElement))
            return []; // any value
        if (typeof(JsonNode).IsAssignableFrom(type))
            return new JsonObject { ["type"] = "object" };
        if (type.IsEnum)
            return Named(type.Name, type, () => new JsonObject { ["type"] = "string", ["enum"] = new JsonArray([.. Enum.GetNames(type).Select(name => (JsonNode)JsonNamingPolicy.CamelCase.ConvertName(name))]) });
        if (ItemOf(type, typeof(IReadOnlyDictionary<,>)) is { } value)
            return new JsonObject { ["type"] = "object", ["additionalProperties"] = Of(value) };
        if (typeof(IEnumerable).IsAssignableFrom(type) && ItemOf(type, typeof(IEnumerable<>)) is { } item)
            return new JsonObject { ["type"] = "array", ["items"] = Of(item) };
        return Named(type.Name, type, () => Fields(ApiJson.Options.GetTypeInfo(type).Properties));
    }

    public static JsonObject Nullable(JsonObject schema, bool nullable) => !nullable ? schema
        : schema.ContainsKey("$ref") ? new JsonObject { ["nullable"] = true, ["allOf"] = new JsonArray(schema) }
        : With(schema, "nullable", true);

    private JsonObject Fields(IEnumerable<JsonPropertyInfo> fields)
    {
        var (properties, required) = (new JsonObject(), new List<string>());
        foreach (var field in fields)
        {
            properties[field.Name] = Nullable(Of(field.PropertyType), StrictJson.MayBeNull(field));
            if (StrictJson.IsRequired(field))
                required.Add(field.Name);
        }
        return Object(properties, required);
    }

    private static JsonObject Object(JsonObject properties, IEnumerable<string> required)
    {
        var schema = new JsonObject { ["type"] = "object", ["properties"] = properties };
        if (required.Select(name => (JsonNode)name).ToArray() is { Length: > 0 } names)
            schema["required"] = new JsonArray(names);
        return schema;
    }

    /// <exception cref="InvalidOperationException">Two types want the same name.</exception>
    private JsonObject Named(string name, Type owner, Func<JsonObject> make)
    {
        if (!_owners.TryAdd(name, owner))
        {
            if (_owners[name] != owner)
                throw new InvalidOperationException($"{owner} and {_owners[name]} would both be called {name} in the API's document");
        }
        else
        {
            Schemas[name] = null; // taken, so that a record may refer to itself
            Schemas[name] = make();
        }
        return new JsonObject { ["$ref"] = $"#/components/schemas/{name}" };
    }

    private static JsonObject With(JsonObject schema, string key, JsonNode value)
    {
        schema[key] = value;
        return schema;
    }

    private static Type? ItemOf(Type type, Type generic) =>
        type.GetInterfaces().Append(type).FirstOrDefault(known => known.IsGenericType && known.GetGenericTypeDefinition() == generic)?.GetGenericArguments()[^1];
}
