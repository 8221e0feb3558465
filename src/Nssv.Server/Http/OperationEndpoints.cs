using Nssv.Kernel.Calls;
using Nssv.Kernel.Operations;
using Nssv.Server.OpenApi;

namespace Nssv.Server.Http;

/// <summary>Cancelling an operation; it is read like any other resource.</summary>
internal sealed class OperationEndpoints(IBus bus, Acceptance acceptance)
{
    public void Map(IEndpointRouteBuilder endpoints) =>
        endpoints.MapPost($"{ApiPaths.Root}/operations/{{id}}:cancel", Cancel).Allow(Access.Permitted("operation.cancel"))
            .WithMetadata(new Answers("Stop an operation and take back what it did", ("202", typeof(Operation)), ("200", typeof(Operation))));

    private async Task Cancel(HttpContext http)
    {
        QueryParameters.Check(http.Request.Query);
        var id = http.RouteId()!.Value;
        var body = await RequestBody.Read(http.Request, RequestBody.Json);
        if (!body.IsEmpty && StrictJson.ParseObject(body).EnumerateObject().FirstOrDefault() is { Value.ValueKind: not System.Text.Json.JsonValueKind.Undefined })
            throw Problems.Invalid("", "Cancelling takes no fields.", "Send no body.", "unknown-field").AsException();
        await acceptance.Answer(http, await bus.Cancel(id), RequestHeaders.Wait(http.Request.Headers));
    }
}
