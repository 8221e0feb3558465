using System.CommandLine;
using System.Text.Json.Nodes;
using Nssv.Cli.Input;
using Nssv.Cli.Operations;
using Nssv.Cli.Resources;
using Nssv.Client;

namespace Nssv.Cli.Commands.Schedule;

/// <summary>Schedules: what the platform does again and again.</summary>
internal static class ScheduleCommands
{
    public static Command Build(CliEnvironment environment)
    {
        var commands = new ResourceCommands(ResourceKinds.Schedule, environment);
        return commands.Group(
            "Schedules: what the platform does again and again",
            commands.Create(
                Field.Text("--action", "action", "What is done, such as recycle-bin.sweep", required: true, helpName: "ACTION"),
                Cron(required: true), TimeZone(), MissedRun(), Parameters(), Field.Description(), Field.Labels(), Field.Tags()),
            commands.Set(Field.NewName(), Field.Description(), Field.Labels(), Cron(), TimeZone(), MissedRun(), Parameters()),
            Switch(commands, environment, "enable", "Let a schedule run at its times", "Enabling", true),
            Switch(commands, environment, "disable", "Let a schedule run no more, until it is enabled", "Disabling", false),
            commands.Verb("run", "Run a schedule now; its times stay as they are", "Running"),
            commands.Delete(canCascade: false));
    }

    private static Field Cron(bool required = false) =>
        Field.Text("--cron", "cron", "Minute, hour, day of month, month, day of week, as in crontab: \"30 2 * * mon-fri\"", required, "\"M H D M W\"");

    private static Field TimeZone() => Field.Text("--time-zone", "timeZone", "In whose wall clock the times are read; else UTC", helpName: "Area/City");

    private static Field MissedRun() => Field.Choice("--missed-run", "missedRun", "What becomes of runs that were due while no manager ran", "skip", "runOnce");

    private static Field Parameters()
    {
        var option = Parsers.Labels("--parameter", "What the action needs to know; may be given several times");
        return new(option, "parameters", (invocation, _) => Task.FromResult<JsonNode?>(new JsonObject(invocation.Value(option)!.Select(Pair))));

        static KeyValuePair<string, JsonNode?> Pair(string text) => text.IndexOf('=') is > 0 and var at ? new(text[..at], text[(at + 1)..]) : new(text[..^1], null);
    }

    private static Command Switch(ResourceCommands commands, CliEnvironment environment, string verb, string description, string doing, bool enabled)
    {
        var target = commands.Target();
        var command = new Command(verb, description) { target };
        var wait = ResourceCommands.Complete(command, []);
        return command.Runs(environment, async (invocation, cancellation) =>
        {
            var id = await commands.Id(invocation, target, cancellation);
            var request = new ApiRequest(HttpMethod.Patch, $"{ApiClient.Root}/{ResourceKinds.Schedule.Collection}/{id}") { Body = new JsonObject { ["enabled"] = enabled } };
            await new OperationRunner(invocation, wait).Run(request, $"{doing} schedule {invocation.Value(target)}", cancellation);
        });
    }
}
