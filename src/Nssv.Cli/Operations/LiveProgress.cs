using Nssv.Cli.Output;
using Nssv.Client.Operations;
using Spectre.Console;

namespace Nssv.Cli.Operations;

/// <summary>A bar with the step at work, for a person at a terminal.</summary>
internal sealed class LiveProgress(TextWriter output) : IProgressDisplay
{
    public Task<OperationSnapshot> Show(string title, Func<Action<OperationSnapshot>, Task<OperationSnapshot>> follow)
    {
        var console = AnsiConsole.Create(new AnsiConsoleSettings { Out = new AnsiConsoleOutput(output) });
        return console.Progress()
            .AutoClear(true)
            .Columns(new SpinnerColumn(), new TaskDescriptionColumn { Alignment = Justify.Left }, new ProgressBarColumn { Width = 30 }, new PercentageColumn(), new ElapsedTimeColumn())
            .StartAsync(context =>
            {
                var bar = context.AddTask(Markup.Escape(title));
                var turnedBack = false;
                return follow(operation =>
                {
                    // A line that stays, above the bar: it may be long, and the way back too.
                    if (operation.State == OperationStates.Undoing && !turnedBack)
                    {
                        turnedBack = true;
                        console.WriteLine($"{title}: {Printable.Of(StepChanges.TurnedBack(operation))}");
                    }

                    bar.Value = operation.Progress;
                    bar.Description = Markup.Escape($"{title}: {Printable.Of(Current(operation))}");
                });
            });
    }

    private static string Current(OperationSnapshot operation) =>
        operation.Steps.LastOrDefault(step => step.State is "started" || step.WaitsFor is not null) is { } step ? step.WaitsFor is { } reason ? $"{step.Name} waits: {reason}" : step.Name : operation.State;
}
