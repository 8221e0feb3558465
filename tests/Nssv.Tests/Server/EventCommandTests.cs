using Nssv.Tests.Cli;
using Shouldly;
using Xunit;

namespace Nssv.Tests.Server;

/// <summary>Events as they are asked for at a prompt, of a whole manager.</summary>
public sealed class EventCommandTests(RunningServer server) : IClassFixture<RunningServer>
{
    [Theory]
    [InlineData("list", "resourceIds = x")]
    [InlineData("watch", "resourceIds = x")]
    [InlineData("list", "resourceId = x")]
    public async Task In_a_filter_a_field_is_called_as_it_is_written_there(string command, string filter)
    {
        var run = await Run("event", command, "--filter", filter);
        run.ExitCode.ShouldBe(1);
        run.Error.ShouldContain("  Option: --filter\n");
        run.Error.ShouldContain("resourceId");
        run.Error.ShouldNotContain("--resource");
    }

    [Fact]
    public async Task A_resource_that_is_no_id_is_said_of_its_option() =>
        (await Run("event", "list", "--resource", "x")).Error.ShouldContain("  Option: --resource\n");

    private Task<CliRun> Run(params string[] arguments) => CliRun.With(server.CommandVariables, arguments);
}
