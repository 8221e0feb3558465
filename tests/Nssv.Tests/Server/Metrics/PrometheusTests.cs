using System.Diagnostics;
using System.Text.Json.Nodes;
using Nssv.Tests.Data;
using Shouldly;
using Xunit;

namespace Nssv.Tests.Server.Metrics;

/// <summary>A real Prometheus, set up as the documentation says.</summary>
[Trait("group", "data")]
public sealed class PrometheusTests(RunningServer server) : IClassFixture<RunningServer>, IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("nssv-prometheus-").FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public async Task Prometheus_scrapes_the_manager_over_its_certificate_and_token()
    {
        var port = RunningServer.FreePorts(1)[0];
        await File.WriteAllTextAsync(Path.Combine(_folder, "prometheus.yml"), $"""
            scrape_configs:
              - job_name: nssv
                scheme: https
                scrape_interval: 1s
                authorization:
                  credentials_file: {server.Settings.ScrapeTokenFile}
                tls_config:
                  ca_file: {Path.Combine(server.Settings.Folder, "ca.crt")}
                static_configs:
                  - targets: [localhost:{server.Settings.HttpsPort}]
            """);
        using var prometheus = Process.Start(new ProcessStartInfo("prometheus",
            [$"--config.file={_folder}/prometheus.yml", $"--storage.tsdb.path={_folder}/data", $"--web.listen-address=127.0.0.1:{port}"])
        {
            RedirectStandardError = true,
        })!;
        var said = prometheus.StandardError.ReadToEndAsync();
        try
        {
            using var client = new HttpClient { BaseAddress = new Uri($"http://127.0.0.1:{port}") };
            await Poll.Until("a scrape that Prometheus took in", async () => !prometheus.HasExited && await Query(client, "up{job=\"nssv\"}") == "1" && await Query(client, "process_open_fds{job=\"nssv\"}") is not null, 60);
            (await Query(client, "nssv_health_check{check=\"database\"}")).ShouldBe("1");
        }
        finally
        {
            prometheus.Kill();
            await prometheus.WaitForExitAsync();
            TestContext.Current.TestOutputHelper?.WriteLine(await said);
        }
    }

    private static async Task<string?> Query(HttpClient client, string query)
    {
        try
        {
            var answer = JsonNode.Parse(await client.GetStringAsync($"/api/v1/query?query={Uri.EscapeDataString(query)}"))!;
            return answer["data"]!["result"]!.AsArray() is [{ } only] ? only["value"]![1]!.GetValue<string>() : null;
        }
        catch (HttpRequestException)
        {
            return null; // it does not listen yet
        }
    }
}
