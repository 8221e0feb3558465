using System.CommandLine;
using Nssv.Cli.Input;

namespace Nssv.Cli.Operations;

/// <summary>The options of every command that starts an operation.</summary>
internal sealed class WaitOptions
{
    public Option<bool> Wait { get; } = new("--wait", "-w") { Description = "Wait until the operation has ended, and show its steps" };

    public Option<TimeSpan?> Timeout { get; } = Parsers.Duration("--timeout", "With --wait: wait no longer than this; the operation goes on");

    public static WaitOptions AddTo(Command command)
    {
        var options = new WaitOptions();
        command.Options.Add(options.Wait);
        command.Options.Add(options.Timeout);
        return options;
    }
}
