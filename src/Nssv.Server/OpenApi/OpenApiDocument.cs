using System.Text.Json.Nodes;
using Nssv.Kernel.Cascade;
using Nssv.Server.Events;
using Nssv.Server.Http;
using Nssv.Server.Watching;

namespace Nssv.Server.OpenApi;

/// <summary>The API's description (OpenAPI 3.0.3), made from the endpoints themselves and the declarations they came from: what is served is what is described.</summary>
internal static class OpenApiDocument
{
    public static JsonObject Of(EndpointDataSource source)
    {
        var book = new SchemaBook();
        var paths = new JsonObject();
        var endpoints = source.Endpoints.OfType<RouteEndpoint>()
            .Where(endpoint => endpoint.Metadata.GetMetadata<Access>() is { Listener: Listener.People })
            .OrderBy(endpoint => endpoint.RoutePattern.RawText, StringComparer.Ordinal);
        foreach (var endpoint in endpoints)
        {
            var template = endpoint.RoutePattern.RawText!;
            if (paths[template] is not JsonObject path)
                paths[template] = path = [];
            foreach (var method in endpoint.Metadata.GetMetadata<HttpMethodMetadata>()!.HttpMethods)
                path[method.ToLowerInvariant()] = Operation(endpoint, template, book);
        }
        return new JsonObject
        {
            ["openapi"] = "3.0.3",
            ["info"] = new JsonObject { ["title"] = "nSSV", ["version"] = "v1" },
            ["security"] = new JsonArray(new JsonObject { ["session"] = new JsonArray() }),
            ["paths"] = paths,
            ["components"] = new JsonObject
            {
                ["securitySchemes"] = new JsonObject { ["session"] = new JsonObject { ["type"] = "http", ["scheme"] = "bearer" } },
                ["schemas"] = book.Schemas,
            },
        };
    }

    private static JsonObject Operation(RouteEndpoint endpoint, string template, SchemaBook book)
    {
        var access = endpoint.Metadata.GetMetadata<Access>()!;
        var (read, patch, request, body) = (endpoint.Metadata.GetMetadata<ReadEndpoint>(), endpoint.Metadata.GetMetadata<PatchEndpoint>(),
            endpoint.Metadata.GetMetadata<ApiRoute>(), endpoint.Metadata.GetMetadata<BodyOf>());
        var parameters = new JsonArray();
        if (template.Contains("{id}", StringComparison.Ordinal))
            parameters.Add(Parameter("path", "id", book.Of(typeof(Id)), required: true));
        var operation = new JsonObject
        {
            ["summary"] = request?.Summary ?? body?.Summary ?? Summary(endpoint, read, patch),
            ["parameters"] = parameters,
        };
        if (access.Permission is not null)
            operation["x-permission"] = access.Permission;
        if (access.Kind == AccessKind.Anyone)
            operation["security"] = new JsonArray();

        var responses = new JsonObject();
        if (read is not null)
            Read(operation, parameters, responses, read, book);
        else if (patch is not null || request is not null)
        {
            Mutation(operation, parameters, responses, patch, request, book);
        }
        else
        {
            if (body is not null)
                operation["requestBody"] = Body(book.Of(body.Type), RequestBody.Json);
            foreach (var name in endpoint.Metadata.GetMetadata<Answers>()?.Parameters ?? [])
                parameters.Add(Parameter("query", name, book.Of(typeof(string))));
            foreach (var (status, schema) in endpoint.Metadata.GetMetadata<Answers>()?.ByStatus ?? [])
                responses[status] = schema is null ? new JsonObject { ["description"] = "Done" } : Json("Done", book.Of(schema));
        }
        responses["default"] = new JsonObject
        {
            ["description"] = "A problem (RFC 9457)",
            ["content"] = new JsonObject { [ProblemWriter.ContentType] = new JsonObject { ["schema"] = book.Of(typeof(Problem)) } },
        };
        operation["responses"] = responses;
        return operation;
    }

    private static void Read(JsonObject operation, JsonArray parameters, JsonObject responses, ReadEndpoint read, SchemaBook book)
    {
        foreach (var name in read.Kind switch { ReadKind.List => ResourceEndpoints.ListParameters, ReadKind.Get => ResourceEndpoints.GetParameters, ReadKind.Watch => WatchEndpoints.Parameters, _ => [] })
            parameters.Add(Parameter("query", name, book.Of(name switch { "limit" => typeof(int), "count" or "initial" => typeof(bool), "after" => typeof(long), _ => typeof(string) })));
        if (read.Kind == ReadKind.Query)
            operation["requestBody"] = Body(book.Of(typeof(QueryDocument)), RequestBody.Json);
        if (read.Kind == ReadKind.Watch)
            parameters.Add(Parameter("header", "Last-Event-ID", book.Of(typeof(long))));
        responses["200"] = read.Kind == ReadKind.Watch ? Stream("Server-sent events: added, changed, removed; ready when what was there at the beginning has been sent; dropped before the stream ends for a watcher that does not keep up", Change(Resource(read, book), book))
            : read.Kind == ReadKind.Get
            ? Json("The resource; its version is the ETag. With fields or expand: a part of it, or more", Resource(read, book))
            : Json("A page; with aggregate or groupBy: groups. With fields or expand, items are parts of resources, or more", Page(Resource(read, book), book));
    }

    private static void Mutation(JsonObject operation, JsonArray parameters, JsonObject responses, PatchEndpoint? patch, ApiRoute? request, SchemaBook book)
    {
        parameters.Add(Parameter("header", "Idempotency-Key", book.Of(typeof(string))));
        parameters.Add(Parameter("header", "Prefer", book.Of(typeof(string))));
        if (request is not { MakesResource: true })
            parameters.Add(Parameter("header", "If-Match", book.Of(typeof(string))));
        if (patch is not null)
            operation["requestBody"] = Body(book.Patch(patch.Table), RequestBody.Json, RequestBody.MergePatch);
        else if (request is { HasBody: true })
            operation["requestBody"] = request.Method == HttpMethods.Patch ? Body(book.Request(request), RequestBody.Json, RequestBody.MergePatch) : Body(book.Request(request), RequestBody.Json);
        else
        {
            foreach (var field in request!.Fields)
                parameters.Add(Parameter("query", field.Name, book.Of(field.PropertyType), StrictJson.IsRequired(field)));
        }
        var ended = OperationSchema(book);
        responses["200"] = request is not null && (request.Type.IsSubclassOf(typeof(DeleteRequest)) || request.Type.IsSubclassOf(typeof(DetachRequest)))
            ? Json("The operation, which ended in the time that Prefer: wait gave; with dryRun, the plan, and nothing is changed", new JsonObject { ["oneOf"] = new JsonArray(ended, book.Of(typeof(CascadeDocument))) })
            : Json("The operation, which ended in the time that Prefer: wait gave", ended);
        responses["202"] = Json("The operation, which goes on; its address is in Location", OperationSchema(book));
    }

    private static JsonObject Resource(ReadEndpoint read, SchemaBook book) =>
        read.Table.Type == typeof(Kernel.Operations.Operation) ? OperationSchema(book) : book.Resource(read.Table);

    private static JsonObject OperationSchema(SchemaBook book)
    {
        const string name = "Operation";
        var reference = book.Of(typeof(Kernel.Operations.Operation));
        if (book.Schemas[name]!["properties"] is JsonObject properties && !properties.ContainsKey("steps"))
        {
            properties["target"] = book.Of(typeof(OperationTarget));
            properties["steps"] = book.Of(typeof(IReadOnlyList<StepDocument>));
        }
        return reference;
    }

    private static string Summary(RouteEndpoint endpoint, ReadEndpoint? read, PatchEndpoint? patch) =>
        read is { Kind: ReadKind.List } ? $"List {read.Table.Collection}"
        : read is { Kind: ReadKind.Query } ? $"List {read.Table.Collection} by a query in the body"
        : read is { Kind: ReadKind.Watch } ? $"Watch {read.Table.Collection}: what a filter meets, and how that changes"
        : read is not null ? $"Get a {read.Table.Singular}"
        : patch is not null ? $"Change a {patch.Table.Singular}"
        : endpoint.Metadata.GetMetadata<Answers>()?.Summary ?? throw new InvalidOperationException($"{endpoint.DisplayName} is not described");

    private static JsonObject Page(JsonObject item, SchemaBook book) => new()
    {
        ["type"] = "object",
        ["required"] = new JsonArray("items"),
        ["properties"] = new JsonObject
        {
            ["items"] = new JsonObject { ["type"] = "array", ["items"] = item },
            ["groups"] = new JsonObject { ["type"] = "array", ["items"] = new JsonObject { ["type"] = "object" } },
            ["nextCursor"] = book.Of(typeof(string)),
            ["count"] = book.Of(typeof(long)),
        },
    };

    private static JsonObject Change(JsonObject item, SchemaBook book) => new()
    {
        ["type"] = "object",
        ["required"] = new JsonArray("type"),
        ["properties"] = new JsonObject
        {
            ["type"] = book.Of(typeof(string)),
            ["sequence"] = book.Of(typeof(long)),
            ["id"] = book.Of(typeof(Id)),
            ["at"] = book.Of(typeof(DateTimeOffset)),
            ["operationId"] = book.Of(typeof(Id)),
            ["resource"] = item,
        },
    };

    private static JsonObject Stream(string description, JsonObject schema) => new()
    {
        ["description"] = description,
        ["content"] = new JsonObject { [EventResponse.ContentType] = new JsonObject { ["schema"] = schema } },
    };

    private static JsonObject Parameter(string place, string name, JsonObject schema, bool required = false) =>
        new() { ["name"] = name, ["in"] = place, ["required"] = required, ["schema"] = schema };

    private static JsonObject Body(JsonObject schema, params string[] types) => new()
    {
        ["required"] = true,
        ["content"] = new JsonObject([.. types.Select(type => KeyValuePair.Create(type, (JsonNode?)new JsonObject { ["schema"] = schema.DeepClone() }))]),
    };

    private static JsonObject Json(string description, JsonObject schema) => new()
    {
        ["description"] = description,
        ["content"] = new JsonObject { ["application/json"] = new JsonObject { ["schema"] = schema } },
    };
}

/// <summary>Says of an endpoint that is not made from a declaration what it does and answers.</summary>
internal sealed record Answers(string Summary, params (string Status, Type? Schema)[] ByStatus)
{
    /// <summary>Texts that the URL may have.</summary>
    public IReadOnlyList<string> Parameters { get; init; } = [];
}

internal static class OpenApiEndpoint
{
    public const string Permission = "api.read";

    public static void MapOpenApi(this IEndpointRouteBuilder endpoints)
    {
        JsonObject? document = null;
        endpoints.MapGet($"{ApiPaths.Root}/openapi.json", http =>
        {
            document ??= OpenApiDocument.Of(http.RequestServices.GetRequiredService<EndpointDataSource>());
            return ApiJson.Write(http.Response, StatusCodes.Status200OK, document);
        }).Allow(Access.Permitted(Permission)).WithMetadata(new Answers("This description of the API", ("200", typeof(JsonObject))));
    }
}
