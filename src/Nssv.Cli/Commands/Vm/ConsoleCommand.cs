using System.CommandLine;
using Nssv.Cli.Input;
using Nssv.Cli.Resources;

namespace Nssv.Cli.Commands.Vm;

/// <summary>The serial console: a person's terminal, or a pipe.</summary>
internal static class ConsoleCommand
{
    public static Command Build(ResourceCommands commands, CliEnvironment environment)
    {
        var target = commands.Target();
        var follow = new Option<bool>("--follow", "-f") { Description = "Without a terminal: go on after the input's end, until the console closes" };
        var quiet = Parsers.Duration("--quiet", "Without a terminal: end when the console has been silent for so long after the input's end (1s)");
        return new Command("console", "Open a vm's serial console (Ctrl-] leaves it)") { target, follow, quiet }.Runs(environment, async (invocation, cancellation) =>
        {
            var id = await commands.Id(invocation, target, cancellation);
            using var socket = await invocation.Client.OpenConsole(id, cancellation);
            if (environment.InIsTerminal && environment.OutIsTerminal)
            {
                await new InteractiveConsole(socket, environment).Run(invocation.Value(target), cancellation);
            }
            else
            {
                TimeSpan? silence = invocation.Value(follow) ? null : invocation.Value(quiet) ?? TimeSpan.FromSeconds(1);
                await using var input = Console.OpenStandardInput();
                await using var output = Console.OpenStandardOutput();
                await new PipedConsole(socket, input, output, environment.Time).Run(silence, cancellation);
            }
        });
    }
}
