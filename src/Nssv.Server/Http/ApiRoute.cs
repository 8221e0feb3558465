using System.Buffers;
using System.Reflection;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using Nssv.Kernel.Calls;

namespace Nssv.Server.Http;

/// <summary>A request that people may send, read once from its declaration: where it is sent, what it needs, and how it is made from what was sent.</summary>
internal sealed class ApiRoute
{
    private readonly string? _routeField;
    private readonly string? _newIdField;

    private ApiRoute(Type type, ApiRequestAttribute declared)
    {
        (Type, Method, Template, Permission, Summary) = (type, declared.Method, declared.Route, declared.Permission, declared.Summary);
        _routeField = FieldWith<FromRouteAttribute>(type);
        _newIdField = FieldWith<NewIdAttribute>(type);
        if (Template.Contains("{id}", StringComparison.Ordinal) != _routeField is not null)
            throw new InvalidOperationException($"{type.Name}: a route with {{id}} needs one [FromRoute] property, and the other way round");
        Fields = [.. KernelJson.Strict.GetTypeInfo(type).Properties.Where(field => IsFromCaller(field.Name) && (field.Set is not null || field.AssociatedParameter is not null))];
    }

    public Type Type { get; }
    public string Method { get; }

    /// <summary>Below /api/v1.</summary>
    public string Template { get; }

    public string Permission { get; }
    public string? Summary { get; }

    /// <summary>What the caller sends: in the body, or as parameters of a DELETE.</summary>
    public IReadOnlyList<JsonPropertyInfo> Fields { get; }

    public bool HasBody => Method != HttpMethods.Delete;
    public bool MakesResource => _newIdField is not null;

    /// <summary>Every [ApiRequest] of these assemblies.</summary>
    /// <exception cref="InvalidOperationException">A declaration is wrong.</exception>
    public static IReadOnlyList<ApiRoute> FromAssemblies(params IEnumerable<Assembly> assemblies) => FromTypes(assemblies.SelectMany(assembly => assembly.GetTypes()));

    public static IReadOnlyList<ApiRoute> FromTypes(params IEnumerable<Type> types) =>
    [
        .. types.Where(type => type.IsDefined(typeof(ApiRequestAttribute), inherit: false))
            .Select(type => new ApiRoute(type, type.GetCustomAttribute<ApiRequestAttribute>()!))
            .OrderBy(route => route.Template, StringComparer.Ordinal).ThenBy(route => route.Method, StringComparer.Ordinal),
    ];

    /// <summary>Makes the request.</summary>
    /// <param name="sent">What the caller sent, as one JSON object.</param>
    /// <exception cref="ProblemException">400 with every wrong field.</exception>
    public Request Bind(Id? routeId, JsonElement sent, IIdSource ids)
    {
        if (StrictJson.Check(sent, Type, IsFromCaller) is { Count: > 0 } errors)
            throw HttpProblems.Invalid(errors).AsException();
        var whole = new ArrayBufferWriter<byte>(256);
        using (var writer = new Utf8JsonWriter(whole))
        {
            writer.WriteStartObject();
            if (_routeField is not null)
                writer.WriteString(_routeField, routeId!.Value.ToString());
            if (_newIdField is not null)
                writer.WriteString(_newIdField, ids.Next().ToString());
            foreach (var field in sent.EnumerateObject())
                field.WriteTo(writer);
            writer.WriteEndObject();
        }
        try
        {
            return (Request)JsonSerializer.Deserialize(whole.WrittenSpan, Type, KernelJson.Strict)!;
        }
        catch (JsonException e)
        {
            throw new ProblemException(Problems.Invalid(e.Path?.TrimStart('$', '.') ?? "", "The value is not of the kind that is wanted here."), e);
        }
    }

    private bool IsFromCaller(string field) => field != _routeField && field != _newIdField;

    private static string? FieldWith<TAttribute>(Type type) where TAttribute : Attribute =>
        type.GetProperties().Where(property => property.IsDefined(typeof(TAttribute))).ToList() switch
        {
            [] => null,
            [var one] => JsonNamingPolicy.CamelCase.ConvertName(one.Name),
            _ => throw new InvalidOperationException($"{type.Name} has several properties with {typeof(TAttribute).Name}"),
        };
}
