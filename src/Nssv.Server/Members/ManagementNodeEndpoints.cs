using Nssv.Server.Http;
using Nssv.Server.OpenApi;

namespace Nssv.Server.Members;

/// <summary>GET /api/v1/management-nodes: the managers of the platform. They come and go by themselves, so there is nothing to change here.</summary>
internal sealed class ManagementNodeEndpoints(ManagementNodes nodes)
{
    public const string Permission = "management-node.read";

    public void Map(IEndpointRouteBuilder endpoints)
    {
        endpoints.MapGet($"{ApiPaths.Root}/management-nodes", List).Allow(Access.Permitted(Permission))
            .WithMetadata(new Answers("List the management nodes, as the one that answers sees them", ("200", typeof(ManagementNodeList))));
        endpoints.MapGet($"{ApiPaths.Root}/management-nodes/{{id}}", Get).Allow(Access.Permitted(Permission))
            .WithMetadata(new Answers("Get a management node", ("200", typeof(ManagementNode))));
    }

    private async Task List(HttpContext http)
    {
        QueryParameters.Check(http.Request.Query);
        await ApiJson.Write(http.Response, StatusCodes.Status200OK, new ManagementNodeList(await nodes.List()));
    }

    private async Task Get(HttpContext http)
    {
        QueryParameters.Check(http.Request.Query);
        var id = http.RouteId()!.Value;
        var node = (await nodes.List()).FirstOrDefault(node => node.Id == id) ?? throw Problems.NotFound("management node", id.ToString()).AsException();
        await ApiJson.Write(http.Response, StatusCodes.Status200OK, node);
    }
}
