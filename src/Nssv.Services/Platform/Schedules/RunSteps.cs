using System.Text.Json.Nodes;
using Nssv.Contracts.Platform;
using Nssv.Kernel;
using Nssv.Kernel.Calls;
using Nssv.Kernel.Flows;
using Nssv.Kernel.Schedules;

namespace Nssv.Services.Platform.Schedules;

/// <summary>Context of flow "schedule.run".</summary>
[FlowContext]
public sealed record ScheduleRun
{
    public required Id ScheduleId { get; init; }
    public required string Action { get; init; }
    public required IReadOnlyDictionary<string, string> Parameters { get; init; }

    /// <summary>When it was due; null when a person ran it.</summary>
    public DateTimeOffset? DueAt { get; init; }

    /// <summary>What the run works on, as it was when it began.</summary>
    public IReadOnlyList<ScheduleRunTarget> Targets { get; init; } = [];

    internal static ScheduleRun Of(Schedule schedule, AcceptContext turn) => new()
    {
        ScheduleId = schedule.Id,
        Action = schedule.Action,
        Parameters = schedule.Parameters,
    };
}

/// <param name="NewId">For what the request makes.</param>
public sealed record ScheduleRunTarget(string Kind, Id Id, Id NewId);

/// <summary>Looks what is to be done, and keeps the list: the next step may run twice.</summary>
[Step("platform.list-schedule-targets")]
internal sealed class ListScheduleTargets(ScheduleActions actions) : Step<ScheduleRun>
{
    public override async Task Run(ScheduleRun run, StepContext<ScheduleRun> step)
    {
        var targets = await actions.Get(run.Action).Targets(run.Parameters, step.Store, Clock.Now(step.Time));
        step.Save(run with { Targets = [.. targets.Select(target => new ScheduleRunTarget(target.Kind, target.Id, step.Ids.Next()))] });
    }

    public override Task Undo(ScheduleRun run, StepContext<ScheduleRun> step) => NothingToUndo("it has only looked");
}

/// <summary>Works on one after the other, each by an operation of its own. One that fails does not keep the others from their turn.</summary>
[Step("platform.work-on-schedule-targets")]
internal sealed class WorkOnScheduleTargets(ScheduleActions actions) : Step<ScheduleRun>
{
    private const int Named = 5;

    public override async Task Run(ScheduleRun run, StepContext<ScheduleRun> step)
    {
        var action = actions.Get(run.Action);
        List<string> failed = [];
        foreach (var target in run.Targets)
        {
            try
            {
                await step.Start(action.For(new(target.Kind, target.Id), run.Parameters, target.NewId));
            }
            catch (ProblemException e) when (e.Problem.Status == 404)
            {
                // It has gone by itself.
            }
            catch (ProblemException e)
            {
                failed.Add($"{target.Kind} {target.Id}: {e.Problem.Detail}");
            }
        }

        step.Result(new JsonObject { ["done"] = run.Targets.Count - failed.Count, ["failed"] = failed.Count });
        if (failed.Count > 0)
        {
            throw new Problem(409, "schedule-run-incomplete", "Not everything could be done.",
                $"{failed.Count} of {run.Targets.Count} failed: {string.Join("; ", failed.Take(Named))}{(failed.Count > Named ? " …" : "")}", "Look at the operations that this one started; the next run tries again.").AsException();
        }
    }

    public override Task Undo(ScheduleRun run, StepContext<ScheduleRun> step) => NothingToUndo("each operation that it started has ended, and stands for itself");
}
