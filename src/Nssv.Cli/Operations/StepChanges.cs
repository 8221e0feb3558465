using Nssv.Client.Operations;
using Nssv.Client.Problems;
using Nssv.Client.Units;

namespace Nssv.Cli.Operations;

/// <summary>Finds what is new between two looks at the same operation, in words.</summary>
internal sealed class StepChanges
{
    private const string Started = "started";

    private readonly List<string> seen = [];
    private readonly HashSet<int> begun = [];
    private string? state;
    private int tenth;
    private bool turnedBack;

    /// <summary>Why it runs back, at the moment it turns: undoing may take minutes.</summary>
    public static string TurnedBack(OperationSnapshot operation) =>
        operation.Error is { } cause ? $"{OperationStates.Undoing}: {cause.Detail ?? cause.Title}" : OperationStates.Undoing;

    public IEnumerable<string> Since(OperationSnapshot operation)
    {
        var lines = new List<string>();
        for (var i = 0; i < operation.Steps.Count; i++)
        {
            var step = operation.Steps[i];
            // The same step may come to wait, go on, and wait for something else.
            var about = $"{step.State} {step.WaitsFor}";
            if (i < seen.Count && seen[i] == about)
            {
                continue;
            }

            if (i < seen.Count)
            {
                seen[i] = about;
            }
            else
            {
                seen.Add(about);
            }

            if (Describe(step, operation.Error) is not { } line)
            {
                continue;
            }

            // One that ended before it was looked at began as well: whoever reads the lines need not know how often somebody looked.
            if (begun.Add(i) && line != $"{step.Name}: {Started}")
            {
                lines.Add($"{step.Name}: {Started}");
            }

            lines.Add(line);
        }

        // Running says nothing that its steps do not, and the end is the caller's to announce.
        if (operation.State != state && operation.State != "running" && !operation.HasEnded)
        {
            lines.Add(operation.State == OperationStates.Undoing && !turnedBack ? TurnedBack(operation) : operation.State);
            turnedBack |= operation.State == OperationStates.Undoing;
        }

        // Within a step that takes long; where its steps move, they say enough.
        if (operation.Progress / 10 > tenth && lines.Count == 0 && !operation.HasEnded)
        {
            lines.Add($"{operation.Progress} %");
        }

        tenth = Math.Max(tenth, operation.Progress / 10);
        state = operation.State;
        return lines;
    }

    /// <param name="cause">Why the operation is undone: it is told when it turns back, and with what to do about it at the end.</param>
    private static string? Describe(OperationStep step, ApiProblem? cause) => step.State switch
    {
        "" or "pending" => null,
        _ when step.WaitsFor is { } reason => $"{step.Name}: waits: {reason}",
        // Not "taken back": some steps have nothing that could be.
        "undone" => $"{step.Name}: undone",
        _ when step.Error is { } error && (error.Code, error.Detail) != (cause?.Code, cause?.Detail) => $"{step.Name}: {step.State}: {error.Detail ?? error.Title}",
        _ when step.Error is not null => $"{step.Name}: {step.State}",
        _ when step.StartedAt is { } from && step.EndedAt is { } to => $"{step.Name}: {step.State} ({DurationText.Format(to - from)})",
        _ => $"{step.Name}: {step.State}",
    };
}
