using System.CommandLine;
using System.Text.Json.Nodes;
using Nssv.Cli.Input;
using Nssv.Cli.Operations;
using Nssv.Cli.Resources;
using Nssv.Client;

namespace Nssv.Cli.Commands.Vm;

/// <summary>Virtual machines.</summary>
internal static class VmCommands
{
    public static Command Build(CliEnvironment environment)
    {
        var commands = new ResourceCommands(ResourceKinds.VirtualMachine, environment);
        return commands.Group(
            "Virtual machines",
            new VmCreate(environment).Build(),
            commands.Verb("start", "Start a vm", "Starting"),
            commands.Verb(
                "stop",
                "Stop a vm: ask its guest, then force it after a grace time",
                "Stopping",
                Flag("--force", "force", "Cut the power at once"),
                Grace()),
            commands.Verb("reboot", "Restart a vm's guest", "Rebooting", Flag("--force", "force", "Reset it without asking its guest")),
            commands.Verb("pause", "Freeze a vm in memory", "Pausing"),
            commands.Verb("resume", "Let a paused vm go on", "Resuming"),
            commands.Delete(canExpunge: true, canCascade: false),
            commands.Set(
                Field.NewName(),
                Field.Description(),
                Field.Labels(),
                Field.DeletionPolicy(),
                Field.Count("--cpus", "cpuCount", "Virtual CPUs, from the next start"),
                Field.Size("--memory", "memoryBytes", "Memory, from the next start")),
            ConsoleCommand.Build(commands, environment));
    }

    private static Field Flag(string name, string path, string description)
    {
        var option = new Option<bool>(name) { Description = description };
        return new(option, path, (invocation, _) => Task.FromResult<JsonNode?>(invocation.Value(option)));
    }

    private static Field Grace()
    {
        var option = Parsers.Duration("--grace", "How long its guest has before the power is cut");
        return new(option, "graceSeconds", (invocation, _) => Task.FromResult<JsonNode?>((int)Math.Ceiling(invocation.Value(option)!.Value.TotalSeconds)));
    }
}
