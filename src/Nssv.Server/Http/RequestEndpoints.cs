using System.Text.Json;
using System.Text.Json.Nodes;
using Nssv.Kernel.Calls;
using Nssv.Kernel.Calls.Patching;
using Nssv.Kernel.Cascade;
using Nssv.Kernel.Model;

namespace Nssv.Server.Http;

/// <summary>An endpoint for every request that is declared, and a PATCH for every resource that has something to edit. Read once at the start.</summary>
internal static class RequestEndpoints
{
    private static readonly JsonElement Empty = JsonDocument.Parse("{}").RootElement;

    public static void MapRequests(this IEndpointRouteBuilder endpoints, IEnumerable<ApiRoute> routes, ResourceModels models)
    {
        var declared = routes.ToList();
        foreach (var route in declared)
        {
            endpoints.MapMethods($"{ApiPaths.Root}/{route.Template}", [route.Method], http => Handle(http, route))
                .Allow(Access.Permitted(route.Permission)).WithMetadata(route);
        }
        foreach (var table in models.Resources.Where(PatchingServices.IsPatchable))
        {
            if (!declared.Any(route => route.Method == HttpMethods.Patch && route.Template == $"{table.Collection}/{{id}}"))
                MapPatch(endpoints, table);
        }
    }

    private static async Task Handle(HttpContext http, ApiRoute route)
    {
        var id = http.RouteId();
        ReadOnlyMemory<byte> body = default;
        JsonElement sent;
        if (route.HasBody)
        {
            QueryParameters.Check(http.Request.Query);
            body = await (HttpMethods.IsPatch(http.Request.Method) ? RequestBody.Read(http.Request, RequestBody.Json, RequestBody.MergePatch) : RequestBody.Read(http.Request, RequestBody.Json));
            sent = body.IsEmpty ? Empty : StrictJson.ParseObject(body);
        }
        else
        {
            sent = QueryParameters.AsObject(http.Request.Query, route.Fields);
        }
        var request = route.Bind(id, sent, http.RequestServices.GetRequiredService<OwnIds>());
        if (request is DeleteRequest { DryRun: true } or DetachRequest { DryRun: true })
        {
            var plan = await http.RequestServices.GetRequiredService<Cascades>().DryRun(request, http.Caller(), RequestHeaders.IfMatch(http.Request.Headers));
            await ApiJson.Write(http.Response, StatusCodes.Status200OK, plan);
            return;
        }
        await http.RequestServices.GetRequiredService<Acceptance>().Accept(http, request, body);
    }

    private static void MapPatch(IEndpointRouteBuilder endpoints, TableModel table)
    {
        var permission = $"{table.Singular}.update";
        var make = (Func<TableModel, string, Func<Id, JsonElement, Request>>)Delegate.CreateDelegate(
            typeof(Func<TableModel, string, Func<Id, JsonElement, Request>>),
            typeof(RequestEndpoints).GetMethod(nameof(Patcher), System.Reflection.BindingFlags.Static | System.Reflection.BindingFlags.NonPublic)!.MakeGenericMethod(table.Type));
        var patcher = make(table, permission);
        endpoints.MapPatch($"{ApiPaths.Root}/{table.Collection}/{{id}}", async (HttpContext http) =>
        {
            QueryParameters.Check(http.Request.Query);
            var body = await RequestBody.Read(http.Request, RequestBody.Json, RequestBody.MergePatch);
            if (body.IsEmpty)
                throw HttpProblems.Malformed("It is empty.").AsException();
            var request = patcher(http.RouteId()!.Value, StrictJson.ParseObject(body));
            await http.RequestServices.GetRequiredService<Acceptance>().Accept(http, request, body);
        }).Allow(Access.Permitted(permission)).WithMetadata(new PatchEndpoint(table));
    }

    private static Func<Id, JsonElement, Request> Patcher<T>(TableModel table, string permission) where T : Resource => (id, patch) =>
    {
        var errors = new List<FieldError>();
        foreach (var given in patch.EnumerateObject())
        {
            if (!table.TryField(given.Name, out var field) || !field.Public)
                errors.Add(new(Shown(given.Name), "unknown-field", $"There is no such field in {table.One}."));
            else if (!field.Editable)
                errors.Add(new(given.Name, "not-editable", $"'{given.Name}' of {table.One} cannot be changed."));
            else if (field.Kind != ColumnKind.Json && StrictJson.CheckValue(given.Value, field.Info.PropertyType, field.Nullable, given.Name) is { } error)
                errors.Add(error);
        }
        return errors.Count > 0
            ? throw HttpProblems.Invalid(errors).AsException()
            : new PatchResource<T>(id, JsonObject.Create(patch)!, permission);
    };

    private static string Shown(string name) => name.Length <= 80 ? name : name[..80] + "…";
}

/// <summary>Says of an endpoint that it patches this resource.</summary>
internal sealed record PatchEndpoint(TableModel Table);
