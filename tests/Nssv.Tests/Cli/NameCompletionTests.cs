using System.Diagnostics;
using Nssv.Cli.Commands.Completion;
using Nssv.Tests.Server;
using Shouldly;
using Xunit;

namespace Nssv.Tests.Cli;

/// <summary>Words that only the running platform knows.</summary>
public sealed class NameCompletionTests(RunningServer server) : IClassFixture<RunningServer>
{
    private Dictionary<string, string> Variables => new(server.CommandVariables)
    {
        ["NSSV_HOME"] = "/nonexistent/nssv",
        ["NSSV_COMPLETION_SECONDS"] = "120",
    };

    [Fact]
    public async Task Names_are_offered_where_a_command_takes_one()
    {
        foreach (var name in (string[])["tab-one", "tab-two", "tab two", "tab\"quote", "tab*star", "else"])
            await server.AddDataCenter(name);
        (await Words("nssv datacenter show tab")).ShouldBe(["tab two", "tab\"quote", "tab*star", "tab-one", "tab-two"], ignoreOrder: true);
        (await Words("nssv datacenter show tab-t")).ShouldBe(["tab-two"]);
        (await Words("nssv datacenter show 'tab t")).ShouldBe(["tab two"]);
        (await Words("nssv datacenter show \"tab\\\"")).ShouldBe(["tab\"quote"]);
        (await Words("nssv datacenter show tab\\*")).ShouldBe(["tab*star"]);
        (await Words("nssv cluster create new --datacenter tab-o")).ShouldContain("tab-one");
        (await Words("nssv cluster create new --datacenter=tab-o")).ShouldBe(["--datacenter=tab-one"]);
        (await Words("nssv cluster create new --datacenter=tab-o", replaced: "tab-o")).ShouldBe(["tab-one"]);
        (await Words("nssv datacenter show nothing")).ShouldBeEmpty();
        var words = await Words("nssv datacenter show ");
        var options = words.SkipWhile(word => !word.StartsWith('-')).ToArray();
        options.ShouldContain("--help");
        options.ShouldAllBe(word => word.StartsWith('-'), "names come first");
        words.ShouldContain("tab-one");
    }

    [Fact]
    public async Task A_name_that_several_have_is_offered_as_their_ids()
    {
        var same = new[] { await server.AddDataCenter("same"), await server.AddDataCenter("same") };
        (await Words("nssv datacenter show same")).ShouldBe(same.Select(center => center.Id.ToString()), ignoreOrder: true);
    }

    [Fact(Timeout = 60_000)]
    public async Task Without_a_server_or_a_session_nothing_is_said_and_nobody_waits()
    {
        var nowhere = await CliRun.With(new Dictionary<string, string>(Variables) { ["NSSV_SERVER"] = "https://127.0.0.1:9" }, Suggest("nssv vm stop x"));
        (nowhere.Out + nowhere.Error).ShouldBeEmpty();
        var unknown = await CliRun.With(new Dictionary<string, string>(Variables) { ["NSSV_TOKEN"] = "wrong" }, Suggest("nssv vm stop x"));
        (unknown.Out + unknown.Error).ShouldBeEmpty();
        var silent = new System.Net.Sockets.TcpListener(System.Net.IPAddress.Loopback, 0);
        silent.Start();
        var port = ((System.Net.IPEndPoint)silent.LocalEndpoint).Port;
        var hanging = await CliRun.With(new Dictionary<string, string>(Variables) { ["NSSV_SERVER"] = $"https://127.0.0.1:{port}", ["NSSV_COMPLETION_SECONDS"] = "" }, Suggest("nssv vm stop x"));
        silent.Stop();
        (hanging.Out + hanging.Error).ShouldBeEmpty();
    }

    /// <summary>The script in a real bash, with the real program behind it.</summary>
    [Fact]
    public async Task Bash_gets_names_whole_whatever_is_in_them()
    {
        foreach (var name in (string[])["bash plain", "bash $(touch x)", "bash'quote"])
            await server.AddDataCenter(name);
        var script = (await CliRun.Of("completion", "bash")).Out;
        var text = $$"""
            nssv() { dotnet '{{Path.Combine(AppContext.BaseDirectory, "nssv-cli.dll")}}' "$@"; }
            {{script}}
            COMP_LINE="nssv datacenter show bash"; COMP_POINT=${#COMP_LINE}; COMP_WORDS=(nssv datacenter show bash); COMP_CWORD=3
            _nssv_complete
            printf '<%s>' "${COMPREPLY[@]}"; echo
            compgen -W "" -- x || true
            complete -p nssv
            """;
        var start = new ProcessStartInfo("bash", ["--norc", "--noprofile"]) { RedirectStandardInput = true, RedirectStandardOutput = true };
        foreach (var (name, value) in Variables)
            start.Environment[name] = value;
        using var bash = Process.Start(start)!;
        await bash.StandardInput.WriteAsync(text);
        bash.StandardInput.Close();
        var output = await bash.StandardOutput.ReadToEndAsync();
        await bash.WaitForExitAsync();
        // -o filenames makes readline quote what it inserts.
        output.ShouldBe("<bash $(touch x)><bash plain><bash'quote>\ncomplete -o filenames -o nosort -F _nssv_complete nssv\n");
    }

    [Theory]
    [InlineData("nssv vm stop ", "nssv|vm|stop|")]
    [InlineData("nssv vm stop 'a b", "nssv|vm|stop|a b")]
    [InlineData("nssv \"a \\\"b\" c\\ d", "nssv|a \"b|c d")]
    [InlineData("nssv ''", "nssv|")]
    [InlineData("nssv a\\", "nssv|a\\")]
    public void A_line_is_read_as_a_shell_reads_it(string line, string words) => ShellLine.Split(line).ShouldBe(words.Split('|'));

    private static string[] Suggest(string line, string? replaced = null) => [$"[suggest:{line.Length}]", line, .. replaced is null ? (string[])[] : [replaced]];

    private async Task<string[]> Words(string line, string? replaced = null)
    {
        var run = await CliRun.With(Variables, Suggest(line, replaced));
        run.ExitCode.ShouldBe(0);
        return run.Out.Split('\n', StringSplitOptions.RemoveEmptyEntries);
    }
}
