using System.CommandLine;
using System.Text.Json.Nodes;
using Nssv.Cli;
using Nssv.Client;
using Shouldly;
using Xunit;

namespace Nssv.Tests.Cli;

public sealed class CommandTreeTests
{
    private static readonly CliEnvironment Nowhere = new() { Out = TextWriter.Null, Error = TextWriter.Null };

    [Fact]
    public void The_commands_are_these() => Paths(CommandTree.Build(Nowhere), "").ShouldBe(
    [
        "up", "down", "status", "simulate",
        "vm", "vm list", "vm show", "vm create", "vm start", "vm stop", "vm reboot", "vm pause", "vm resume", "vm delete", "vm set", "vm console", .. Pairs("vm"),
        "image", "image list", "image show", "image add", "image set", "image delete", .. Pairs("image"),
        "volume", "volume list", "volume show", "volume create", "volume set", "volume attach", "volume detach", "volume delete", .. Pairs("volume"),
        "host", "host list", "host show", "host create", "host enroll", "host set", "host confirm-down", "host remove-orphans", "host delete", .. Pairs("host"),
        "cluster", "cluster list", "cluster show", "cluster create", "cluster set", "cluster delete", .. Pairs("cluster"),
        "datacenter", "datacenter list", "datacenter show", "datacenter create", "datacenter set", "datacenter delete", .. Pairs("datacenter"),
        "datastorage", "datastorage list", "datastorage show", "datastorage create", "datastorage set", "datastorage attach", "datastorage detach", "datastorage delete", .. Pairs("datastorage"),
        "imagestorage", "imagestorage list", "imagestorage show", "imagestorage create", "imagestorage set", "imagestorage attach", "imagestorage detach", "imagestorage delete", .. Pairs("imagestorage"),
        "portgroup", "portgroup list", "portgroup show", "portgroup create", "portgroup set", "portgroup delete", .. Pairs("portgroup"),
        "nic", "nic list", "nic show", "nic create", "nic delete", .. Pairs("nic"),
        "account", "account list", "account show",
        "setting", "setting list", "setting show", "setting set", "setting reset",
        "tag", "tag list", "tag show",
        "audit", "audit list", "audit show", "audit verify", "audit export",
        "manager", "manager list", "manager show",
        "plugin", "plugin list",
        "schedule", "schedule list", "schedule show", "schedule create", "schedule set", "schedule enable", "schedule disable", "schedule run", "schedule delete", .. Pairs("schedule"),
        "recycle-bin", "recycle-bin list", "recycle-bin show", "recycle-bin recover", "recycle-bin expunge",
        "operation", "operation list", "operation show", "operation wait", "operation cancel", "operation retry", "operation undo", "operation dismiss",
        "event", "event list", "event watch",
        "api", "completion", "version",
    ]);

    private static IEnumerable<string> Pairs(string kind) =>
        [$"{kind} tag", $"{kind} tag list", $"{kind} tag set", $"{kind} tag unset", $"{kind} label", $"{kind} label list", $"{kind} label set", $"{kind} label unset"];

    [Fact]
    public void Everything_is_described()
    {
        foreach (var command in All(CommandTree.Build(Nowhere)))
        {
            command.Description.ShouldNotBeNullOrEmpty(command.Name);
            command.Options.ShouldAllBe(option => !string.IsNullOrEmpty(option.Description));
            command.Arguments.ShouldAllBe(argument => !string.IsNullOrEmpty(argument.Description));
        }
    }

    [Fact]
    public void Only_the_called_group_is_built()
    {
        var root = CommandTree.Build(Nowhere, ["--output", "json", "task", "list"]);

        root.Subcommands.Where(command => command.Subcommands.Count > 0).Select(command => command.Name).ShouldBe(["operation"]);
    }

    [Theory]
    [InlineData("datacenter", "data-center", "data-centers", "datacenters")]
    [InlineData("datastorage", "data-storage", "data-storages")]
    [InlineData("imagestorage", "image-storage", "image-storages")]
    [InlineData("portgroup", "port-group", "port-groups")]
    [InlineData("vm", "vms", "virtual-machine", "virtual-machines")]
    [InlineData("nic", "nics", "network-interface", "network-interfaces")]
    [InlineData("operation", "operations", "task", "tasks")]
    [InlineData("audit", "audit-entry", "audit-entries")]
    [InlineData("manager", "managers", "management-nodes")]
    [InlineData("tag", "tags", "tag-types")]
    [InlineData("recycle-bin", "recyclebin")]
    public async Task A_resource_is_also_called_as_in_the_api(string noun, params string[] words)
    {
        foreach (var word in words)
        {
            var parse = CommandTree.Parse(CommandTree.Build(Nowhere, ["--output", "json", word, "list"]), ["--output", "json", word, "list"]);
            parse.Errors.ShouldBeEmpty(word);
            parse.CommandResult.Parent.ShouldBeOfType<System.CommandLine.Parsing.CommandResult>().Command.Name.ShouldBe(noun);
            (await CliRun.Of("[suggest]", $"nssv {word} sh")).Out.Split('\n').ShouldContain("show", word);
        }

        (await CliRun.Of("--help")).Out.ShouldNotContain("data-center");
        (await CliRun.Of("[suggest]", "nssv data")).Out.ShouldBe("datacenter\ndatastorage\n");
        (await CliRun.Of("ups")).ExitCode.ShouldBe(2);
    }

    [Fact]
    public async Task Help_shows_usage_and_options()
    {
        var run = await CliRun.Of("vm", "create", "--help");

        run.ExitCode.ShouldBe(0);
        run.Out.ShouldContain("nssv vm create <NAME> [options]");
        run.Out.ShouldContain("--data-disk <SIZE>");
        run.Out.ShouldContain("--output <table|json|yaml>");
        run.Out.IndexOf("--memory", StringComparison.Ordinal).ShouldBeLessThan(run.Out.IndexOf("--nic", StringComparison.Ordinal), "what must be given comes first");
    }

    [Fact]
    public async Task Help_offers_only_what_can_be_done()
    {
        (await CliRun.Of("operation", "--help")).Out.ShouldContain("wait <ID>");
        (await CliRun.Of("operation", "show", "--help")).Out.ShouldContain("nssv operation show <ID>");
        var wrong = await CliRun.Of("operation", "show", "web-1");
        (wrong.ExitCode, wrong.Error.Contains("'nssv operation list' shows the ids.", StringComparison.Ordinal)).ShouldBe((2, true));
        (await CliRun.Of("image", "delete", "--help")).Out.ShouldNotContain("--cascade");
        (await CliRun.Of("[suggest]", "nssv image delete x --ca")).Out.ShouldNotContain("--cascade");
        (await CliRun.Of("cluster", "delete", "--help")).Out.ShouldContain("--cascade");
    }

    [Theory]
    [InlineData("vm", "create", "x")]
    [InlineData("vm", "create", "x", "--image", "i", "--cpus", "0", "--memory", "1G")]
    [InlineData("vm", "create", "x", "--image", "i", "--cpus", "1", "--memory", "much")]
    [InlineData("vm", "create", "x", "--image", "i", "--cpus", "1", "--memory", "1G", "--data-disk", "1G", "--data-disk", "big")]
    [InlineData("vm", "create", "x", "--image", "i", "--cpus", "1", "--memory", "1G", "--label", "nolabel")]
    [InlineData("vm", "stop", "x", "--grace", "soon")]
    [InlineData("vm", "fly")]
    [InlineData("vm")]
    [InlineData("nonsense")]
    [InlineData("vm", "list", "--output", "xml")]
    [InlineData("image", "add", "--name", "x")]
    [InlineData("image", "add", "--file", "a.iso", "--url", "http://b/c.iso")]
    [InlineData("completion", "tcsh")]
    [InlineData("vm", "set", "x")]
    [InlineData("vm", "list", "--server", "http://plain.example")]
    public async Task What_cannot_be_understood_is_a_usage_error(params string[] arguments)
    {
        var run = await CliRun.With(new Dictionary<string, string> { ["NSSV_HOME"] = "/nonexistent/nssv" }, arguments);

        run.ExitCode.ShouldBe(2);
        run.Error.ShouldStartWith("Error: The command cannot be understood (usage)");
        run.Out.ShouldBeEmpty();
    }

    [Fact]
    public async Task A_usage_error_is_a_problem_on_standard_output_for_a_program()
    {
        var run = await CliRun.Of("vm", "crate", "x", "--output", "json");

        run.ExitCode.ShouldBe(2);
        var problem = JsonNode.Parse(run.Out);
        problem.At("code").AsText().ShouldBe("usage");
        problem.At("detail").AsText().ShouldBe("'nssv vm' has no command 'crate'.");
        problem.At("advice").AsText().ShouldBe("Did you mean create? 'nssv vm --help' shows what there is.");
        run.Error.ShouldBeEmpty();
    }

    [Theory]
    [InlineData("xx", "")]
    [InlineData("frobnicate", "")]
    [InlineData("imgae", "Did you mean image? ")]
    [InlineData("hst", "Did you mean host? ")]
    [InlineData("data", "Did you mean datacenter or datastorage? ")]
    public async Task Only_what_is_near_is_taken_for_what_was_meant(string word, string meant) =>
        (await CliRun.Of(word, "list")).Error.ShouldEndWith($"Advice: {meant}'nssv --help' shows what there is.\n");

    [Theory]
    [InlineData("vm tag remove x", "Did you mean unset? 'nssv vm tag --help'")]
    [InlineData("vm rm x", "Did you mean delete? 'nssv vm --help'")]
    [InlineData("image create", "Did you mean add? 'nssv image --help'")]
    public async Task What_other_tools_call_it_is_known(string line, string advice) => (await CliRun.Of(line.Split(' '))).Error.ShouldContain($"Advice: {advice}");

    [Theory]
    [InlineData("help", "--help")]
    [InlineData("help vm create", "vm create --help")]
    public async Task Help_is_a_word_too(string line, string option)
    {
        var run = await CliRun.Of(line.Split(' '));
        run.ExitCode.ShouldBe(0, run.Error);
        run.Out.ShouldBe((await CliRun.Of(option.Split(' '))).Out);
    }

    [Fact]
    public async Task Help_for_what_is_none_is_refused() => (await CliRun.Of("help", "imgae")).Error.ShouldContain("Did you mean image?");

    [Fact]
    public async Task Completion_offers_no_word_of_another_shell()
    {
        foreach (var line in new[] { "nssv ", "nssv /", "nssv vm ", "nssv vm list " })
            (await CliRun.Of("[suggest]", line)).Out.Split('\n').ShouldNotContain(word => word.StartsWith('/'), line);
        (await CliRun.Of("vm", "-h")).ExitCode.ShouldBe(0);
        (await CliRun.Of("vm", "-?")).ExitCode.ShouldBe(0);
    }

    [Theory]
    [InlineData("--frce first", "'nssv vm stop' has no option '--frce'.", "--force")]
    [InlineData("first --grce 5s", "'nssv vm stop' has no option '--grce'.", "--grace")]
    [InlineData("--frce", "'nssv vm stop' has no option '--frce'.", "--force")]
    [InlineData("-x", "'nssv vm stop' has no option '-x'.", "--help")]
    [InlineData("first --output xml", "\"xml\" is no output format. Give table, json or yaml.", "--help")]
    public async Task A_wrong_option_is_named(string rest, string message, string advice)
    {
        var run = await CliRun.Of(["vm", "stop", .. rest.Split(' ')]);

        run.ExitCode.ShouldBe(2);
        run.Error.ShouldContain(message);
        run.Error.Split("Advice:")[1].ShouldContain(advice);
    }

    [Fact]
    public async Task Without_an_instance_a_command_fails_and_says_how_to_get_one()
    {
        var run = await CliRun.With(new Dictionary<string, string> { ["NSSV_HOME"] = "/nonexistent/nssv" }, "vm", "list");

        run.ExitCode.ShouldBe(1);
        run.Error.ShouldContain("There is no instance in /nonexistent/nssv.");
        run.Error.ShouldContain("Advice: Start one with './nssv up'");
    }

    [Theory]
    [InlineData("nssv vm sta", "start")]
    [InlineData("./nssv vm sta", "start")]
    [InlineData("/opt/nssv/nssv st", "status")]
    [InlineData("nssv vm create x --firmware ", "uefi")]
    [InlineData("nssv vm create x --mem", "--memory")]
    [InlineData("nssv completion ", "fish")]
    public async Task Words_are_completed(string line, string word)
    {
        var run = await CliRun.Of($"[suggest:{line.Length}]", line);

        run.ExitCode.ShouldBe(0);
        run.Out.Split('\n').ShouldContain(word);
    }

    [Fact]
    public async Task Completion_scripts_call_the_program_itself()
    {
        foreach (var shell in new[] { "bash", "zsh", "fish" })
        {
            (await CliRun.Of("completion", shell)).Out.ShouldContain("[suggest");
        }

        (await CliRun.Of("completion", "--help")).Out.ShouldContain("NSSV_COMPLETION_SECONDS");
    }

    private static IEnumerable<Command> All(Command command) => command.Subcommands.SelectMany(All).Prepend(command);

    private static IEnumerable<string> Paths(Command command, string prefix) =>
        command.Subcommands.SelectMany(child => Paths(child, $"{prefix}{child.Name} ").Prepend(prefix + child.Name));
}
