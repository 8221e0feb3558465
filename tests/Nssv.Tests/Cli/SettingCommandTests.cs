using Nssv.Tests.Server;
using Shouldly;
using Xunit;

namespace Nssv.Tests.Cli;

/// <summary>The command and the server's endpoint, together.</summary>
public sealed class SettingCommandTests(RunningServer server) : IClassFixture<RunningServer>
{
    private Dictionary<string, string> Variables => new(server.CommandVariables)
    {
        ["NSSV_HOME"] = "/nonexistent/nssv",
    };

    [Fact]
    public async Task A_setting_is_set_and_reset()
    {
        (await Run("setting", "set", "deletion.recycleTime", "3d")).ExitCode.ShouldBe(0);
        (await Run("setting", "show", "deletion.recycleTime", "--output", "json")).Out.ShouldContain("\"3d\"");
        (await Run("setting", "set", "deletion.recycleTime", "never")).ExitCode.ShouldNotBe(0);
        (await Run("setting", "reset", "deletion.recycleTime")).ExitCode.ShouldBe(0);
        (await Run("setting", "show", "deletion.recycleTime", "--output", "json")).Out.ShouldNotContain("\"3d\"");
    }

    private async Task<CliRun> Run(params string[] arguments)
    {
        var run = await CliRun.With(Variables, arguments);
        TestContext.Current.TestOutputHelper?.WriteLine(run.Out + run.Error);
        return run;
    }
}
