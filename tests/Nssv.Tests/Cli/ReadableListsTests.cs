using System.Security.Cryptography.X509Certificates;
using Microsoft.AspNetCore.Http;
using Nssv.Client;
using Nssv.Tests.Client;
using Shouldly;
using Xunit;

namespace Nssv.Tests.Cli;

/// <summary>Operations, events and names as people look at them: names before ids, the newest first, each thing once.</summary>
public sealed class ReadableListsTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("nssv-lists-").FullName;
    private readonly X509Certificate2 _authority = TestCertificates.Make("CN=authority", null, "");

    [Fact]
    public async Task Operations_name_their_targets_and_who_asked()
    {
        var (run, _) = await Run(
            context => context.Json("""{"items":[{"id":"op-1","kind":"virtual-machine.stop","state":"succeeded","progress":100,"targetId":"vm-id","targetName":"web","callerName":"admin","createdBy":"a-id"},{"id":"op-2","kind":"x","state":"failed","progress":3,"targetId":"t-id","createdBy":"a-id"}]}"""),
            "operation", "list");
        Lines(run.Out).ShouldBe(["KIND STATE PROGRESS TARGET BY STARTED ERROR ID", "virtual-machine.stop succeeded 100 % web admin - - op-1", "x failed 3 % t-id a-id - - op-2"]);
    }

    [Fact]
    public async Task The_steps_of_an_operation_are_a_table()
    {
        const string id = "01890000-0000-7000-8000-000000000001";
        const string shown = $$$"""
            {"id":"{{{id}}}","kind":"image.create","state":"failed","steps":[
            {"name":"a","state":"done","startedAt":"2026-01-01T00:00:00Z","endedAt":"2026-01-01T00:02:05Z"},
            {"name":"b","state":"undone","startedAt":"2026-01-01T00:02:05Z","endedAt":"2026-01-01T00:02:07Z","error":{"title":"t","detail":"No room."}},
            {"name":"c","state":"started","startedAt":"2026-01-01T00:02:07Z","waitsFor":"host 'h' does not answer"}]}
            """;
        var (run, _) = await Run(context => context.Json(shown), "operation", "show", id);
        Lines(run.Out)[^4..].ShouldBe(["STEP STATE DURATION ERROR", "a done 2 min 5 s -", "b undone 2.0 s No room.", "c started - waits: host 'h' does not answer"]);
        run.Out.ShouldNotContain("steps:");
        (await Run(context => context.Json(shown), "operation", "show", id, "-o", "json")).Run.Out.ShouldContain("\"steps\"");
    }

    [Fact]
    public async Task The_latest_events_come_first_unless_a_place_is_given()
    {
        const string none = """{"items":[]}""";
        (await Run(context => context.Json(none), "event", "list")).Seen.ShouldBe(["/api/v1/events?limit=101&sort=sequence%20desc"]);
        (await Run(context => context.Json(none), "event", "list", "--limit", "7", "--resource", "r")).Seen.ShouldBe(["/api/v1/events?limit=7&sort=sequence%20desc&resourceId=r"]);
        (await Run(context => context.Json(none), "event", "list", "--after", "5")).Seen.ShouldBe(["/api/v1/events?limit=500&after=5"]);
    }

    /// <summary>A script too must learn that it has not got all of them; its standard output stays data.</summary>
    [Theory]
    [InlineData(101, "table", 100, "These are the latest 100; more with --limit N.\n")]
    [InlineData(101, "json", 100, "These are the latest 100; more with --limit N.\n")]
    [InlineData(101, "yaml", 100, "These are the latest 100; more with --limit N.\n")]
    [InlineData(100, "json", 100, "")]
    [InlineData(101, "json", 101, "", "--limit", "101")]
    [InlineData(101, "json", 101, "", "--after", "0")]
    public async Task Events_that_are_left_out_are_told_of(int there, string format, int shown, string told, params string[] asked)
    {
        var events = string.Join(',', Enumerable.Range(1, there).Select(i => $$"""{"sequence":{{there + 1 - i}},"type":"a-type"}"""));
        var (run, _) = await Run(context => context.Json($$"""{"items":[{{events}}]}"""), ["event", "list", "-o", format, .. asked]);
        (run.ExitCode, run.Error, run.Out.Split("a-type").Length - 1).ShouldBe((0, told, shown));
        run.Out.ShouldContain($"{there}");
    }

    [Theory]
    [InlineData("filter", "--filter", "vm", "list", "--filter", "x")]
    [InlineData("sort", "--sort", "vm", "list", "--sort", "x")]
    [InlineData("groupBy", "--group-by", "vm", "list", "--group-by", "x")]
    [InlineData("filter", "--filter", "event", "list", "--filter", "x")]
    [InlineData("filter", "--filter", "audit", "export", "--filter", "x")]
    public async Task What_is_wrong_with_a_list_is_said_of_its_option(string field, string option, params string[] arguments)
    {
        var (run, _) = await Run(context => context.Problem(400, $$"""{"title":"no","status":400,"code":"invalid-{{field}}","field":"{{field}}","detail":"Position 1: no."}"""), arguments);
        run.Error.ShouldContain($"  Option: {option}\n");
    }

    [Theory]
    [InlineData("""{"id":"1"},{"id":"2"}""", "There are now 2 virtual machines named \"first\": call them by their ids, or give one another name.\n")]
    [InlineData("""{"id":"1"}""", "")]
    public async Task Who_recovers_a_name_that_is_taken_learns_of_it(string found, string told)
    {
        var (run, seen) = await Run(
            context => context.Request.Method == "POST" ? context.Json("""{"id":"op-1","kind":"virtual-machine.recover","state":"succeeded","steps":[]}""")
                : context.Request.Path == "/api/v1/virtual-machines" ? context.Json($$"""{"items":[{{found}}]}""")
                : context.Request.Path == "/api/v1/recycle-bin/i" ? context.Json("""{"id":"i","resourceId":"r-1","kind":"virtual-machine","name":"first"}""")
                : context.Json("""{"items":[{"id":"i"}]}"""),
            "recycle-bin", "recover", "first");
        (run.ExitCode, run.Out).ShouldBe((0, $"Recovering virtual-machine first: done.\n{told}"), run.Error);
        seen.ShouldContain("/api/v1/virtual-machines?limit=100&filter=name%20%3D%20%22first%22&fields=id");
    }

    [Theory]
    [InlineData(403)]
    [InlineData(500)]
    [InlineData(null)]
    public async Task What_was_recovered_is_so_though_its_namesakes_cannot_be_counted(int? refusal)
    {
        var (run, seen) = await Run(
            context => context.Request.Method == "POST" ? context.Json("""{"id":"op-1","kind":"virtual-machine.recover","state":"succeeded","steps":[]}""")
                : context.Request.Path == "/api/v1/virtual-machines" ? NotTold(context)
                : context.Request.Path == "/api/v1/recycle-bin/i" ? context.Json("""{"id":"i","resourceId":"r-1","kind":"virtual-machine","name":"first"}""")
                : context.Json("""{"items":[{"id":"i"}]}"""),
            "recycle-bin", "recover", "first");
        run.ShouldBe(new CliRun(0, "Recovering virtual-machine first: done.\n", ""));
        seen.ShouldContain(path => path.StartsWith("/api/v1/virtual-machines?", StringComparison.Ordinal));

        Task NotTold(HttpContext context)
        {
            if (refusal is { } status)
                return context.Problem(status, """{"title":"no","code":"no"}""");
            context.Abort();
            return Task.CompletedTask;
        }
    }

    [Theory]
    [InlineData("""{"forced":false}""", "Its guest shut down by itself.\n")]
    [InlineData("""{"forced":true}""", "Its guest had not shut down within the grace time: its power was cut.\n")]
    [InlineData("""{"forced":null}""", "")]
    [InlineData("null", "")]
    public async Task How_a_machine_came_to_stop_is_said(string result, string told)
    {
        var (run, _) = await Run(
            context => context.Request.Method == "GET" ? context.Json("""{"items":[{"id":"1","name":"x"}]}""")
                : context.Json($$"""{"id":"op-1","kind":"virtual-machine.stop","state":"succeeded","steps":[],"result":{{result}}}"""),
            "vm", "stop", "x", "--wait");
        run.Out.ShouldBe($"Stopping vm x: done.\n{told}");
    }

    [Fact]
    public async Task A_failure_is_told_once_and_of_its_steps_no_more_than_their_state()
    {
        const string error = """{"title":"No image.","status":422,"code":"image-bad","detail":"The file is cut off.","advice":"Send it again."}""";
        const string failed = $$"""
            {"id":"op-1","kind":"image.create","state":"failed","error":{{error}},"steps":[
            {"name":"images.begin","state":"undone"},{"name":"images.take-in","state":"undone","error":{{error}}}]}
            """;
        var (run, _) = await Run(context => context.Json(failed), "image", "add", "--url", "https://x/a.qcow2", "--wait");
        run.Error.ShouldBe("""
            Adding image a
              images.begin: started
              images.begin: undone
              images.take-in: started
              images.take-in: undone
            Error: No image (image-bad)
              The file is cut off.
              Operation: op-1
            Advice: Send it again.

            """.ReplaceLineEndings("\n"));
    }

    public void Dispose()
    {
        _authority.Dispose();
        Directory.Delete(_folder, recursive: true);
    }

    private static string[] Lines(string output) =>
        [.. output.Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(line => string.Join(' ', line.Split(' ', StringSplitOptions.RemoveEmptyEntries)))];

    private async Task<(CliRun Run, List<string> Seen)> Run(Func<HttpContext, Task> answer, params string[] arguments)
    {
        using var certificate = TestCertificates.Make("CN=localhost", _authority, "localhost");
        await using var manager = await TestManager.Start(answer, certificate);
        var file = Path.Combine(_folder, "ca.crt");
        await File.WriteAllTextAsync(file, _authority.ExportCertificatePem());
        var run = await CliRun.With(new Dictionary<string, string> { ["NSSV_SERVER"] = manager.Address.ToString(), ["NSSV_TOKEN"] = "token-1", ["NSSV_CA"] = file, ["NSSV_HOME"] = _folder }, arguments);
        return (run, [.. manager.Seen.Select(seen => seen.Path)]);
    }
}
