using Nssv.Kernel.Calls;
using Nssv.Kernel.Data;
using Nssv.Kernel.Flows;
using Nssv.Kernel.Operations;

namespace Nssv.Kernel.Cascade;

/// <summary>
/// Deletes what the plan says, leaves first, each by an operation of its own; plans again until nothing is left, then deletes the target itself.
/// It keeps nothing of its own: what is gone is not planned any more, and an operation that was started is found again by its name.
/// </summary>
[Step("cascade.delete-all")]
internal sealed class DeleteAll(Cascades cascades) : Step<CascadeDelete>
{
    private const int AtOnce = 24;

    /// <summary>New dependents may come as fast as old ones go, but not for ever.</summary>
    private const int Rounds = 20;

    private const string LastCall = "last/";

    public override async Task Run(CascadeDelete delete, StepContext<CascadeDelete> step)
    {
        await step.ChildrenEnded();
        for (var round = 1; ; round++)
        {
            var last = await Last(delete, step);
            if (last.Any(operation => operation.State == OperationState.Succeeded) || await cascades.Find(delete.Kind, delete.TargetId) is not { } target)
                return;
            var plan = await cascades.Plan(target);
            if (plan.Refused)
                throw Stopped(delete, Cascades.Refused(plan)).AsException();
            if (plan.Steps.All(planned => planned.PartOf is not null))
            {
                try
                {
                    await step.Start(cascades.Catalog.Read(delete.Request, delete.Fields), $"{LastCall}{last.Count}");
                    return;
                }
                catch (ProblemException e)
                {
                    // Somebody else may have deleted it meanwhile.
                    if (await cascades.Find(delete.Kind, delete.TargetId) is null)
                        return;
                    // What came in between goes in the next round; what refuses for another reason would do so again.
                    if ((await cascades.Plan(target)).Work == 0)
                        throw Stopped(delete, e.Problem).AsException();
                    continue;
                }
            }

            if (round > Rounds)
                throw Stopped(delete, Endless()).AsException();
            if (await Delete(plan, step) is { } failed && !(failed.Problem.Status == 409 && HasNew(plan, await cascades.Plan(target))))
                throw Stopped(delete, failed.Row, failed.Problem).AsException();
        }
    }

    public override Task Undo(CascadeDelete delete, StepContext<CascadeDelete> step) => NothingToUndo("what is deleted stays deleted; the problem says so");

    /// <summary>What came in since the plan was made is why a deletion was refused: it goes in the next round.</summary>
    private static bool HasNew(CascadePlan plan, CascadePlan now)
    {
        var known = plan.Steps.SelectMany(planned => planned.Rows).Select(row => row.Id).ToHashSet();
        return now.Steps.Any(planned => planned.Rows.Any(row => !known.Contains(row.Id)));
    }

    /// <returns>The first that could not be deleted; null when all are gone.</returns>
    private async Task<(CascadeRow Row, Problem Problem)?> Delete(CascadePlan plan, StepContext<CascadeDelete> step)
    {
        var done = await step.Store.Count<Operation>(Condition.Equal(nameof(Operation.ParentId), step.Operation.Id), Condition.Equal(nameof(Operation.State), OperationState.Succeeded));
        var all = done + plan.Work + 1;
        foreach (var planned in plan.Steps.Where(planned => planned.PartOf is null))
        {
            if (planned.Property is { } property)
            {
                foreach (var row in planned.Rows)
                    await step.Call(new ClearReference(row.Id, row.Kind, property, row.Reference(property)));
                continue;
            }

            List<Task<(CascadeRow Row, Problem? Problem)>> underWay = [];
            (CascadeRow Row, Problem Problem)? failed = null;
            for (var next = 0; next < planned.Rows.Count && failed is null || underWay.Count > 0;)
            {
                while (failed is null && next < planned.Rows.Count && underWay.Count < AtOnce)
                    underWay.Add(One(planned.Rows[next++], step));
                var ended = await Task.WhenAny(underWay);
                underWay.Remove(ended);
                var (row, problem) = await ended;
                if (problem is not null)
                    failed ??= (row, problem);
                else
                    await step.Progress((int)(++done * 100 / all));
            }

            // Those that were under way have ended by now: nothing goes on behind the back of a failed operation.
            if (failed is not null)
                return failed;
        }

        return null;
    }

    /// <summary>The deletions of the target itself so far. Each is tried under a name of its own: one that was refused must not answer for the next.</summary>
    private static async Task<List<Operation>> Last(CascadeDelete delete, StepContext<CascadeDelete> step) =>
        [.. (await step.Store.List<Operation>(Condition.Equal(nameof(Operation.ParentId), step.Operation.Id), Condition.Equal(nameof(Operation.TargetId), delete.TargetId)))
            .Where(operation => operation.ParentCall!.Contains($"/{LastCall}", StringComparison.Ordinal))];

    private async Task<(CascadeRow Row, Problem? Problem)> One(CascadeRow row, StepContext<CascadeDelete> step)
    {
        try
        {
            await step.Start(cascades.Catalog.Remove(row), row.Id.ToString());
            return (row, null);
        }
        catch (ProblemException e) when (e.Problem.Status == 404)
        {
            // Somebody else has deleted it.
            return (row, null);
        }
        catch (ProblemException e)
        {
            return (row, e.Problem);
        }
    }

    private static Problem Stopped(CascadeDelete delete, CascadeRow row, Problem why) =>
        Stopped(delete, why with { Detail = $"{row.Kind} {Name(row.Name, row.Id)} could not be deleted: {why.Detail ?? why.Title}" });

    private static Problem Stopped(CascadeDelete delete, Problem why) => new(
        why.Status, "cascade-stopped", "Not everything could be deleted.",
        $"Deleting {delete.Kind} {Name(delete.TargetName, delete.TargetId)} stopped: {why.Detail ?? why.Title} What was deleted before that stays deleted.",
        $"{why.Advice ?? "Look at the operation of what could not be deleted."} Then delete the {delete.Kind} again: it goes on with what is left.")
    { OperationId = why.OperationId };

    private static Problem Endless() => new(409, "cascade-endless", "New dependents keep coming.", $"After {Rounds} rounds there is still something left.", "See with dryRun=true what it is, and who makes it.");

    private static string Name(string? name, Id id) => name is null ? id.ToString() : $"'{name}'";
}
