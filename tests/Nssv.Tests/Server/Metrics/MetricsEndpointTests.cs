using System.Diagnostics;
using System.Net;
using System.Net.Http.Headers;
using Shouldly;
using Xunit;

namespace Nssv.Tests.Server.Metrics;

public sealed class MetricsEndpointTests(RunningServer server) : IClassFixture<RunningServer>
{
    private string ScrapeToken => File.ReadAllText(server.Settings.ScrapeTokenFile).Trim();

    [Fact]
    public async Task The_scrape_token_opens_metrics_and_nothing_else()
    {
        using var scraper = server.SignedIn(ScrapeToken);
        using var answer = await scraper.GetAsync("/metrics");
        answer.StatusCode.ShouldBe(HttpStatusCode.OK);
        answer.Content.Headers.ContentType!.ToString().ShouldBe("text/plain; version=0.0.4; charset=utf-8");
        using var refused = await scraper.GetAsync("/api/v1/data-centers");
        await RunningServer.Problem(refused, HttpStatusCode.Unauthorized, "session-needed");
    }

    [Fact]
    public async Task Without_the_token_or_a_session_there_is_nothing_to_read()
    {
        using var anyone = server.Client();
        await RunningServer.Problem(await anyone.GetAsync("/metrics"), HttpStatusCode.Unauthorized, "session-needed");
        foreach (var wrong in new[] { ScrapeToken[..^1], ScrapeToken + "0", new string('0', 64) })
        {
            using var request = new HttpRequestMessage(HttpMethod.Get, "/metrics") { Headers = { Authorization = new AuthenticationHeaderValue("Bearer", wrong) } };
            await RunningServer.Problem(await anyone.SendAsync(request), HttpStatusCode.Unauthorized, "session-needed");
        }
        using var administrator = server.SignedIn();
        (await administrator.GetAsync("/metrics")).StatusCode.ShouldBe(HttpStatusCode.OK);
    }

    [Fact]
    public void Only_its_owner_may_read_the_token() =>
        File.GetUnixFileMode(server.Settings.ScrapeTokenFile).ShouldBe(UnixFileMode.UserRead | UnixFileMode.UserWrite);

    [Fact]
    public async Task What_happens_is_counted_where_it_happens()
    {
        using var client = server.SignedIn();
        using var made = await client.PostAsync("/api/v1/data-centers", RunningServer.Json("{\"name\":\"counted\"}"));
        made.IsSuccessStatusCode.ShouldBeTrue(await made.Content.ReadAsStringAsync());
        using var refused = await client.PostAsync("/api/v1/data-centers", RunningServer.Json("{\"name\":\"\"}"));
        refused.StatusCode.ShouldBe(HttpStatusCode.BadRequest);

        var metrics = await Scrape();
        Value(metrics, "nssv_accepted_requests_total{kind=\"data-center.create\"}").ShouldBeGreaterThanOrEqualTo(1);
        Value(metrics, "nssv_refused_requests_total{code=\"name-empty\"}").ShouldBe(1);
        Value(metrics, "nssv_http_requests_total{method=\"POST\",route=\"/api/v1/data-centers\",status=\"400\"}").ShouldBe(1);
        Value(metrics, "nssv_http_request_duration_seconds_count{method=\"POST\",route=\"/api/v1/data-centers\"}").ShouldBeGreaterThanOrEqualTo(2);
        Value(metrics, "nssv_operations_ended_total{kind=\"data-center.create\",state=\"succeeded\"}").ShouldBeGreaterThanOrEqualTo(1);
        Value(metrics, "nssv_commit_units_total").ShouldBeGreaterThan(0);
        Value(metrics, "nssv_commit_batch_duration_seconds_count").ShouldBeGreaterThan(0);
        Value(metrics, "nssv_writer_queue_units").ShouldBe(0);
        Value(metrics, "nssv_events_head").ShouldBeGreaterThan(0);
        Value(metrics, "nssv_health_check{check=\"database\"}").ShouldBe(1);
        Value(metrics, "nssv_hosts{link=\"connected\"}").ShouldBe(0);
        Value(metrics, "process_cpu_seconds_total").ShouldBeGreaterThan(0);
        Value(metrics, "process_resident_memory_bytes").ShouldBeGreaterThan(1 << 20);
        Value(metrics, "process_open_fds").ShouldBeGreaterThan(3);
        Value(metrics, "process_max_fds").ShouldBeGreaterThan(3);
        metrics.ShouldNotContain(ScrapeToken);
    }

    [Fact]
    public async Task A_client_cannot_make_labels()
    {
        using var client = server.SignedIn();
        foreach (var i in Enumerable.Range(0, 5))
        {
            using var answer = await client.SendAsync(new HttpRequestMessage(new HttpMethod($"ODD{i}"), $"/nowhere/{i}"));
            answer.IsSuccessStatusCode.ShouldBeFalse();
        }
        var metrics = await Scrape();
        metrics.ShouldNotContain("/nowhere");
        metrics.ShouldNotContain("ODD");
        metrics.ShouldContain("method=\"(other)\",route=\"(no route)\"");
    }

    /// <summary>Prometheus' own program reads it and finds nothing to complain of.</summary>
    [Fact, Trait("group", "data")]
    public async Task Prometheus_reads_it_without_a_complaint()
    {
        using var client = server.SignedIn();
        await client.PostAsync("/api/v1/data-centers", RunningServer.Json("{\"name\":\"checked\"}"));
        using var promtool = Process.Start(new ProcessStartInfo("promtool", ["check", "metrics"]) { RedirectStandardInput = true, RedirectStandardError = true, RedirectStandardOutput = true })!;
        await promtool.StandardInput.WriteAsync(await Scrape());
        promtool.StandardInput.Close();
        var said = await promtool.StandardOutput.ReadToEndAsync() + await promtool.StandardError.ReadToEndAsync();
        await promtool.WaitForExitAsync();
        (promtool.ExitCode, said).ShouldBe((0, ""));
    }

    private async Task<string> Scrape()
    {
        using var scraper = server.SignedIn(ScrapeToken);
        return await scraper.GetStringAsync("/metrics");
    }

    private static double Value(string metrics, string series) =>
        double.Parse(metrics.Split('\n').SingleOrDefault(line => line.StartsWith(series + " ", StringComparison.Ordinal))?.Split(' ')[^1]
            ?? throw new InvalidOperationException($"There is no {series} in:\n{metrics}"), System.Globalization.CultureInfo.InvariantCulture);
}
