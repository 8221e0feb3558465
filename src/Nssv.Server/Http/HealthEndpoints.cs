using Nssv.Kernel.Data;
using Nssv.Server.Composition;
using Nssv.Server.OpenApi;

namespace Nssv.Server.Http;

/// <summary>For whoever watches the process: is it alive, and can it serve.</summary>
internal sealed class HealthEndpoints(IStore store, NodeService node, IHostApplicationLifetime lifetime)
{
    public void Map(IEndpointRouteBuilder endpoints)
    {
        endpoints.MapGet("/health/live", http => ApiJson.Write(http.Response, StatusCodes.Status200OK, new Health("alive"))).Allow(Access.Anyone).WithMetadata(new Answers("Whether the process lives", ("200", typeof(Health))));
        endpoints.MapGet("/health/ready", Ready).Allow(Access.Anyone).WithMetadata(new Answers("Whether it can serve", ("200", typeof(Health))));
    }

    /// <summary>Ready: the node has taken its place, the database answers, and the process is not stopping.</summary>
    private async Task Ready(HttpContext http)
    {
        if (lifetime.ApplicationStopping.IsCancellationRequested)
            throw Problems.Unavailable("The manager is stopping.").AsException();
        if (!node.Serves)
            throw Problems.Unavailable("The manager has not taken its place among the management nodes yet.").AsException();
        try
        {
            await store.Select("SELECT seq FROM outbox_head WHERE id = 1", [], row => row.GetInt64(0));
        }
        catch (Exception e) when (e is not OperationCanceledException)
        {
            throw new ProblemException(Problems.Unavailable("The database does not answer."), e);
        }
        await ApiJson.Write(http.Response, StatusCodes.Status200OK, new Health("ready"));
    }

    private sealed record Health(string Status);
}
