using System.Text;
using Nssv.Server.Http;
using Nssv.Server.OpenApi;

namespace Nssv.Server.Metrics;

/// <summary>GET /metrics: for Prometheus, with the scrape token or an administrator's session.</summary>
internal sealed class MetricsEndpoint(MetricRegistry registry, Readiness readiness)
{
    public const string Permission = "metrics.read";

    public void Map(IEndpointRouteBuilder endpoints) => endpoints.MapGet("/metrics", Get).Allow(Access.Scrape(Permission))
        .WithMetadata(new Answers("What the manager measures of itself, in Prometheus' text format", ("200", null)));

    private async Task Get(HttpContext http)
    {
        QueryParameters.Check(http.Request.Query);
        // So that the gauges of health are of now.
        await readiness.Check();
        http.Response.ContentType = Exposition.ContentType;
        http.Response.Headers.CacheControl = "no-store";
        await http.Response.Body.WriteAsync(Encoding.UTF8.GetBytes(registry.Expose()), http.RequestAborted);
    }
}
