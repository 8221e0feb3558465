using Nssv.Kernel.Calls;
using Nssv.Kernel.Events;
using Nssv.Kernel.Operations;
using Nssv.Server.Audit;
using Nssv.Server.OpenApi;

namespace Nssv.Server.Http;

/// <summary>What people do about operations that are there; they are read like any other resource.</summary>
internal sealed class OperationEndpoints(IBus bus, Acceptance acceptance, AuditTrail audit)
{
    public void Map(IEndpointRouteBuilder endpoints)
    {
        Map(endpoints, "cancel", "operation.cancel", "Stop an operation and take back what it did", (id, note) => bus.Cancel(id, note));
        Map(endpoints, "retry", "operation.resolve", "Let an operation that needs attention go on where it stopped", (id, note) => bus.Resolve(id, Resolution.Retry, note));
        Map(endpoints, "undo", "operation.resolve", "Take back what an operation that needs attention has done", (id, note) => bus.Resolve(id, Resolution.Undo, note));
        Map(endpoints, "dismiss", "operation.resolve", "Leave an operation that needs attention as it is: what there was has been put right by hand", (id, note) => bus.Resolve(id, Resolution.Dismiss, note));
    }

    private void Map(IEndpointRouteBuilder endpoints, string verb, string permission, string summary, Func<Id, EventDraft?, Task<Operation>> act) =>
        endpoints.MapPost($"{ApiPaths.Root}/operations/{{id}}:{verb}", http => Act(http, verb, act)).Allow(Access.Permitted(permission))
            .WithMetadata(new Audited($"operation.{verb}", Success: false), new Answers(summary, ("202", typeof(Operation)), ("200", typeof(Operation))));

    private async Task Act(HttpContext http, string verb, Func<Id, EventDraft?, Task<Operation>> act)
    {
        QueryParameters.Check(http.Request.Query);
        var id = http.RouteId()!.Value;
        var body = await RequestBody.Read(http.Request, RequestBody.Json);
        if (!body.IsEmpty && StrictJson.ParseObject(body).EnumerateObject().FirstOrDefault() is { Value.ValueKind: not System.Text.Json.JsonValueKind.Undefined })
            throw Problems.Invalid("", $"Nothing is told with {verb}.", "Send no body.", "unknown-field").AsException();
        await acceptance.Answer(http, await act(id, await audit.Note(http)), RequestHeaders.Wait(http.Request.Headers));
    }
}
