using Nssv.Server.OpenApi;

namespace Nssv.Server.Http;

/// <summary>For whoever watches the process: is it alive, and can it serve. Anyone may ask.</summary>
internal sealed class HealthEndpoints(Readiness readiness)
{
    public void Map(IEndpointRouteBuilder endpoints)
    {
        endpoints.MapGet("/health/live", http => ApiJson.Write(http.Response, StatusCodes.Status200OK, new Liveness("alive"))).Allow(Access.Anyone)
            .WithMetadata(new Answers("Whether the process lives", ("200", typeof(Liveness))));
        endpoints.MapGet("/health/ready", Ready).Allow(Access.Anyone)
            .WithMetadata(new Answers("Whether it can serve, and if not, why", ("200", typeof(Health)), ("503", typeof(Health))));
    }

    private async Task Ready(HttpContext http)
    {
        var health = await readiness.Check();
        http.Response.Headers.CacheControl = "no-store";
        await ApiJson.Write(http.Response, health.Status == "ready" ? StatusCodes.Status200OK : StatusCodes.Status503ServiceUnavailable, health);
    }

    private sealed record Liveness(string Status);
}
