using System.Text.Json;
using Nssv.Kernel.Agents;
using Nssv.Kernel.Data;
using Nssv.Kernel.Flows;

namespace Nssv.Kernel.Operations;

/// <summary>
/// The durable trace of an operation: its row and its steps' rows, always changed together in one unit. While the database refuses (full, away) it waits and tries again:
/// an operation never goes on without its journal.
/// </summary>
internal sealed class Journal(IStore store, IWriter writer, CommandDispatcher dispatcher, TimeProvider time)
{
    public static readonly TimeSpan RetryAfter = TimeSpan.FromSeconds(1);

    /// <summary>The plan is frozen and its first step begins.</summary>
    public Task Start(OperationRun run, Plan plan, Id? host)
    {
        var now = Clock.Now(time);
        var after = run.Operation with
        {
            State = plan.Steps.Count == 0 ? OperationState.Succeeded : OperationState.Running,
            Plan = JsonSerializer.Serialize(plan, KernelJson.Options),
            Error = null,
            StartedAt = now,
            EndedAt = plan.Steps.Count == 0 ? now : null,
            StepIndex = 0,
        };
        var unit = run.Unit().Observe(run.Operation, after);
        OperationStep? first = plan.Steps.Count == 0 ? null : Started(run, plan, 0, host, now);
        if (first is not null)
            unit.Insert(first);
        return Commit(run, unit, after, () =>
        {
            run.Reload(after);
            if (first is not null)
                run.Steps[0] = first;
        });
    }

    /// <summary>The step in hand is done; the next one begins, or the operation has succeeded.</summary>
    public Task Advance(OperationRun run, Id? nextHost)
    {
        var now = Clock.Now(time);
        var plan = run.Plan!;
        var index = run.Operation.StepIndex;
        var next = index + 1;
        var last = next == plan.Steps.Count;
        var done = run.Steps[index] with { State = StepState.Done, EndedAt = now };
        var after = run.Operation with
        {
            // Clean-up is done on behalf of an operation that has ended, and holds no claim any more: it stays ended.
            State = run.IsCleanUp ? OperationState.Failed : last ? OperationState.Succeeded : OperationState.Running,
            Context = run.Context.ToJsonString(),
            StepIndex = next,
            Progress = next * 100 / plan.Steps.Count,
            Result = run.Result,
            EndedAt = run.IsCleanUp ? run.Operation.EndedAt : last ? now : null,
            CleanupPending = run.IsCleanUp && !last,
            CleanupHostId = last ? null : run.Operation.CleanupHostId,
        };
        var unit = run.Unit().Update(run.Steps[index], done).Observe(run.Operation, after);
        OperationStep? begun = last ? null : Started(run, plan, next, nextHost, now);
        if (begun is not null)
            unit.Insert(begun);
        else
            ForgetCalls(run, unit);
        return Commit(run, unit, after, () =>
        {
            run.Steps[index] = done;
            if (begun is not null)
                run.Steps[next] = begun;
            else
                ForgetHosts(run);
        });
    }

    /// <summary>From here the flow runs back, beginning with the step in doubt.</summary>
    public Task TurnBack(OperationRun run, Problem error)
    {
        var now = Clock.Now(time);
        var index = run.Operation.StepIndex;
        var failed = run.Steps[index] with { State = StepState.Failed, EndedAt = now, Error = error };
        var after = run.Operation with { State = OperationState.Undoing, Direction = FlowDirection.Back, Error = error };
        var unit = run.Unit().Update(run.Steps[index], failed).Observe(run.Operation, after);
        return Commit(run, unit, after, () => run.Steps[index] = failed);
    }

    /// <summary>The step in hand is taken back.</summary>
    public Task Undone(OperationRun run)
    {
        var index = run.Operation.StepIndex;
        var undone = run.Steps[index] with { State = StepState.Undone, EndedAt = Clock.Now(time) };
        var after = run.Operation with { StepIndex = index - 1 };
        var unit = run.Unit().Update(run.Steps[index], undone).Observe(run.Operation, after);
        return Commit(run, unit, after, () => run.Steps[index] = undone);
    }

    public async Task<Operation> End(OperationRun run, OperationState state, Problem? error)
    {
        var after = run.Operation with { State = state, Error = error, EndedAt = Clock.Now(time), CleanupPending = false, CleanupHostId = null };
        var unit = run.Unit().Observe(run.Operation, after);
        // What needs attention may yet go on: its calls and commands must still be known then.
        var over = state != OperationState.NeedsAttention;
        if (over)
            ForgetCalls(run, unit);
        await Commit(run, unit, after, () =>
        {
            if (over)
                ForgetHosts(run);
        });
        return after;
    }

    /// <summary>Failed; the rest of the way is stored against a host that does not answer.</summary>
    public async Task<Operation> EndWithCleanUp(OperationRun run, Problem error, Id host)
    {
        var after = run.Operation with
        {
            State = OperationState.Failed,
            Error = error,
            EndedAt = Clock.Now(time),
            CleanupPending = true,
            CleanupHostId = host,
        };
        await Commit(run, run.Unit().Observe(run.Operation, after), after, static () => { });
        return after;
    }

    public async Task Show(OperationRun run, OperationState state)
    {
        if (run.Operation.State == state)
            return;
        var after = run.Operation with { State = state };
        await Commit(run, run.Unit().Observe(run.Operation, after), after, static () => { });
    }

    /// <summary>The step in hand counts as one of all; only its end, written with the journal, is a hundred percent of it.</summary>
    public async Task Show(OperationRun run, int percent)
    {
        var after = run.Operation with { Progress = (run.Operation.StepIndex * 100 + Math.Clamp(percent, 0, 99)) / run.Plan!.Steps.Count };
        if (after.Progress > run.Operation.Progress)
            await Commit(run, run.Unit().Observe(run.Operation, after), after, static () => { });
    }

    /// <summary>This node does not know how to go on. What has not begun stays queued: whoever knows its flow begins it.</summary>
    public Task Leave(OperationRun run, Problem reason)
    {
        var after = run.Operation with
        {
            State = run.Operation.State == OperationState.Queued ? OperationState.Queued : OperationState.Waiting,
            // Going back, the reason of that is what people are told.
            Error = run.Operation.Direction == FlowDirection.Forward ? reason : run.Operation.Error,
        };
        return after == run.Operation ? Task.CompletedTask : Commit(run, run.Unit().Observe(run.Operation, after), after, static () => { });
    }

    /// <summary>What another node has left goes on. What waits without a reason given waits by its step's will, and does so again.</summary>
    public Task TakeUp(OperationRun run)
    {
        if (run.Operation is not { State: OperationState.Waiting, Error: not null })
            return Task.CompletedTask;
        var back = run.Operation.Direction == FlowDirection.Back;
        var after = run.Operation with { State = back ? OperationState.Undoing : OperationState.Running, Error = back ? run.Operation.Error : null };
        return Commit(run, run.Unit().Observe(run.Operation, after), after, static () => { });
    }

    /// <summary>Reads the steps' rows of an operation that was taken up again.</summary>
    public async Task Load(OperationRun run)
    {
        foreach (var step in await store.List<OperationStep>(Condition.Equal(nameof(OperationStep.OperationId), run.Operation.Id)))
        {
            run.Steps[step.StepIndex] = step;
            if (step.HostId is { } host)
                run.Hosts.Add(host);
        }

        run.HasRecordedCalls = true;
    }

    private static OperationStep Started(OperationRun run, Plan plan, int index, Id? host, DateTimeOffset now) => new()
    {
        OperationId = run.Operation.Id,
        StepIndex = index,
        Name = plan.Steps[index].FullName,
        HostId = host,
        State = StepState.Started,
        Attempt = 1,
        StartedAt = now,
    };

    private static void ForgetCalls(OperationRun run, UnitOfWork unit)
    {
        if (run.HasRecordedCalls)
            unit.Execute("call_results", "DELETE FROM call_results WHERE operation_id = @p0", null, run.Operation.Id);
    }

    private void ForgetHosts(OperationRun run)
    {
        foreach (var host in run.Hosts)
            dispatcher.ForgetLater(host, run.Operation.Id);
    }

    /// <summary>Full or away: nothing of the unit is there, and the same unit may be given again.</summary>
    public static bool DatabaseRefuses(ProblemException e) => e.Problem.Code is "database-full" or "unavailable";

    private async Task Commit(OperationRun run, UnitOfWork unit, Operation after, Action committed)
    {
        while (true)
        {
            try
            {
                await writer.Commit(unit);
                run.Committed(after);
                committed();
                return;
            }
            catch (ProblemException e) when (DatabaseRefuses(e))
            {
                await Task.Delay(RetryAfter, time);
            }
        }
    }
}
