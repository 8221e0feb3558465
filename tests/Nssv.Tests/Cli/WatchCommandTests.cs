using System.Security.Cryptography.X509Certificates;
using Nssv.Tests.Client;
using Shouldly;
using Xunit;

namespace Nssv.Tests.Cli;

/// <summary>A list that goes on, and what it does when the connection is lost.</summary>
public sealed class WatchCommandTests : IDisposable
{
    private readonly string folder = Directory.CreateTempSubdirectory("nssv-watch-").FullName;
    private readonly X509Certificate2 authority = TestCertificates.Make("CN=authority", null, "");

    private const string Beginning = """
        event: added
        data: {"type":"added","id":"a","resource":{"id":"a","name":"web-1","state":"stopped"}}

        event: added
        data: {"type":"added","id":"b","resource":{"id":"b","name":"web-2","state":"stopped"}}

        id: 7
        event: ready
        data: {"type":"ready","sequence":7}

        id: 9
        event: changed
        data: {"type":"changed","sequence":9,"id":"a","resource":{"id":"a","name":"web-1","state":"running"}}

        id: 12
        event: place
        data: {"type":"place","sequence":12}

        id: 13
        event: cut
        """;

    private const string GoingOn = """
        id: 13
        event: removed
        data: {"type":"removed","sequence":13,"id":"never-seen"}

        id: 14
        event: removed
        data: {"type":"removed","sequence":14,"id":"b"}


        """;

    [Fact(Timeout = 60_000)]
    public async Task Changes_are_lines_and_a_lost_connection_is_taken_up_where_it_was()
    {
        var opened = 0;
        await using var manager = await TestManager.Start(context => Interlocked.Increment(ref opened) switch
        {
            1 => context.Event(Beginning.ReplaceLineEndings("\n")),
            2 => context.Event(GoingOn.ReplaceLineEndings("\n")),
            _ => context.Problem(403, """{"title":"no","code":"forbidden"}"""),
        }, TestCertificates.Make("CN=localhost", authority, "localhost"));
        var run = await Run(manager, "--watch", "--columns", "name,state", "--filter", "name = web-*");

        run.ExitCode.ShouldBe(1);
        run.Out.Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(line => string.Join(' ', line.Split(' ', StringSplitOptions.RemoveEmptyEntries).Skip(1)))
            .ShouldBe(["Change Name State", "added web-1 stopped", "added web-2 stopped", "changed web-1 running", "removed web-2 stopped"]);
        manager.Seen.First().Path.ShouldBe("/api/v1/virtual-machines:watch?filter=name%20%3D%20web-%2A");
        manager.Seen.First().Headers.ShouldNotContainKey("Last-Event-ID");
        manager.Seen.ElementAt(1).Headers["Last-Event-ID"].ShouldBe("12", "also what has no event says where it was");
    }

    [Fact(Timeout = 60_000)]
    public async Task What_is_not_kept_any_more_begins_anew_and_shows_what_has_gone()
    {
        var opened = 0;
        await using var manager = await TestManager.Start(context => Interlocked.Increment(ref opened) switch
        {
            1 => context.Event(Beginning.ReplaceLineEndings("\n")),
            2 => context.Problem(410, """{"title":"gone","code":"events-expired"}"""),
            3 => context.Event("event: added\ndata: {\"type\":\"added\",\"id\":\"a\",\"resource\":{\"id\":\"a\",\"name\":\"web-1\",\"state\":\"running\"}}\n\nid: 90\nevent: ready\ndata: {\"type\":\"ready\",\"sequence\":90}\n\n"),
            _ => context.Problem(403, """{"title":"no","code":"forbidden"}"""),
        }, TestCertificates.Make("CN=localhost", authority, "localhost"));
        var run = await Run(manager, "--watch", "--columns", "name");

        run.Out.TrimEnd().Split('\n')[^1].ShouldContain("removed  web-2");
        manager.Seen.ElementAt(2).Headers.ShouldNotContainKey("Last-Event-ID");
    }

    [Fact]
    public async Task What_has_no_meaning_for_changes_is_refused()
    {
        await using var manager = await TestManager.Start(context => context.Json("{}"), TestCertificates.Make("CN=localhost", authority, "localhost"));
        var run = await Run(manager, "--watch", "--sort", "name");
        run.ExitCode.ShouldBe(2);
        run.Error.ShouldContain("--sort does not go with --watch");
    }

    public void Dispose()
    {
        authority.Dispose();
        Directory.Delete(folder, recursive: true);
    }

    private Task<CliRun> Run(TestManager manager, params string[] arguments)
    {
        var file = Path.Combine(folder, "ca.crt");
        File.WriteAllText(file, authority.ExportCertificatePem());
        var variables = new Dictionary<string, string> { ["NSSV_SERVER"] = manager.Address.ToString(), ["NSSV_TOKEN"] = "token-1", ["NSSV_CA"] = file, ["NSSV_HOME"] = folder };
        return CliRun.With(variables, ["vm", "list", .. arguments]);
    }
}
