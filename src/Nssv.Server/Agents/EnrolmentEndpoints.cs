using Nssv.Contracts.Agent;
using Nssv.Contracts.Inventory;
using Nssv.Kernel.Calls;
using Nssv.Server.Audit;
using Nssv.Server.Http;
using Nssv.Server.OpenApi;
using Nssv.Services.Inventory.Enrolments;

namespace Nssv.Server.Agents;

/// <summary>Both halves of a host's enrolment: the token for the administrator, the certificate for the agent.</summary>
internal sealed class EnrolmentEndpoints(IBus bus, HostEnrolment enrolment)
{
    public void Map(IEndpointRouteBuilder endpoints)
    {
        endpoints.MapPost($"{ApiPaths.Root}/hosts/{{id}}:enroll", Issue).Allow(Access.Permitted("host.enroll")).WithMetadata(new Audited("host.enroll"))
            .WithMetadata(new Answers("Make the token with which the host's agent enrols, once", ("200", typeof(EnrolmentToken))));
        endpoints.MapPost("/enroll", Enrol).Allow(Access.EnrollingAgent);
    }

    private async Task Issue(HttpContext http)
    {
        QueryParameters.Check(http.Request.Query);
        var token = await bus.Call(new IssueEnrolment(http.RouteId()!.Value));
        http.Response.Headers.CacheControl = "no-store";
        await ApiJson.Write(http.Response, StatusCodes.Status200OK, token);
    }

    private async Task Enrol(HttpContext http)
    {
        var request = StrictJson.Read<EnrolRequest>(StrictJson.ParseObject(await RequestBody.Read(http.Request, RequestBody.Json)));
        http.Response.Headers.CacheControl = "no-store";
        await ApiJson.Write(http.Response, StatusCodes.Status200OK, await enrolment.Enrol(request));
    }
}
