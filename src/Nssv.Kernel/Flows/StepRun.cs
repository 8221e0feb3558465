using System.Text.Json;
using System.Text.Json.Nodes;
using Nssv.Kernel.Agents;
using Nssv.Kernel.Calls;
using Nssv.Kernel.Data;
using Nssv.Kernel.Operations;

namespace Nssv.Kernel.Flows;

/// <summary>One try of one step, forward or back: counts what it asks for, so that a repeat asks for the same under the same names.</summary>
internal sealed class StepRun(OperationRun run, OperationRunner runner, PlannedStep step, int index, int attempt, bool undoing, Id? host, CancellationToken late, CancellationToken cancelled)
{
    private int _calls;
    private int _commands;

    public OperationRun Run { get; } = run;
    public OperationRunner Runner { get; } = runner;
    public CancellationToken Cancelled { get; } = cancelled;

    /// <summary>Its deadline has passed, and nobody has cancelled it.</summary>
    public bool IsLate => late.IsCancellationRequested && (undoing || !Run.Cancelled.IsCancellationRequested);

    /// <summary>Of this step of this operation, whenever it runs, forward or back.</summary>
    public string Key => $"{Run.Operation.Id}/{index}";

    /// <summary>A command was given up before its result came.</summary>
    public bool FateUnknown { get; private set; }

    public void Save(object context) => Run.Save(step.Scope, context);

    public Task<TResult> Call<TResult>(Request<TResult> request)
    {
        Run.HasRecordedCalls = true;
        var key = new CallKey(Run.Operation.Id, StepKey, ++_calls);
        return WhenTaken(() => Runner.Bus.Call(request, key, Run.Hold));
    }

    public async Task<TResult> Command<TResult>(Command<TResult> command)
    {
        var hostId = host ?? throw new InvalidOperationException($"step {step.Name} commands a host but names none");
        var type = command.GetType();
        var id = $"{Run.Operation.Id}/{StepKey}/{++_commands}";
        var envelope = new CommandEnvelope(
            id, Run.Operation.Id, index, Run.AttemptOf(id, attempt), Run.Epoch,
            (int)step.Deadline.TotalSeconds, CommandNames.Of(type), JsonSerializer.SerializeToElement(command, type, KernelJson.Options))
        {
            PassesQueue = CommandNames.PassesQueue(type),
            // What takes back works with other commands, which tell of no progress.
            StallSeconds = undoing ? null : (int?)step.Stall?.TotalSeconds,
        };
        Run.Hosts.Add(hostId);
        await Runner.UntilValid(Run, Cancelled);
        Run.Adopt(id);
        CommandResult result;
        var shown = new ShownProgress(Progress, Runner.Time);
        try
        {
            result = await Runner.Dispatcher.Run(hostId, envelope, Run.IsCleanUp, Cancelled, undoing ? null : shown.Tell);
        }
        catch (OperationCanceledException)
        {
            FateUnknown = true;
            throw;
        }
        finally
        {
            await shown.End();
        }

        if (!result.Succeeded)
            throw (result.Problem ?? Problems.Internal($"{envelope.Name} failed without a reason.")).AsException();
        return result.Result is { } json ? json.Deserialize<TResult>(KernelJson.Options)! : default!;
    }

    public async Task<Operation> Start(Request request, string? name)
    {
        var call = $"{StepKey}/{request.GetType().Name}/{request.Target}";
        var child = await End(await WhenTaken(() => Runner.Bus.AcceptChild(request, Run.Operation, name is null ? call : $"{call}/{name}", Run.Hold)));
        return child.State == OperationState.Succeeded
            ? child
            : throw (child.Error ?? Problems.Internal($"{child.Kind} failed without a reason.")).AsException();
    }

    public async Task ChildrenEnded()
    {
        foreach (var child in await Runner.Store.List<Operation>(
            Condition.Equal(nameof(Operation.ParentId), Run.Operation.Id),
            Condition.In(nameof(Operation.State), new[] { OperationState.Queued, OperationState.Running, OperationState.Waiting, OperationState.Undoing })))
        {
            if (child.ParentCall!.StartsWith($"{StepKey}/", StringComparison.Ordinal))
                await End(child);
        }
    }

    public Task Progress(int percent) => Runner.Show(Run, percent);

    /// <summary>While the database refuses, the step waits as the journal does: a full disk is no reason to fail, and none to leave something behind.</summary>
    /// <param name="ask">May be asked again.</param>
    private async Task<T> WhenTaken<T>(Func<Task<T>> ask)
    {
        while (true)
        {
            try
            {
                return await ask();
            }
            catch (ProblemException e) when (Journal.DatabaseRefuses(e))
            {
                await Task.Delay(Journal.RetryAfter, Runner.Time, Cancelled);
            }
        }
    }

    private async Task<Operation> End(Operation child)
    {
        if (child.HasEnded())
            return child;
        var end = Runner.Ends.Next(child.Id, Cancelled);
        var now = await Runner.Store.Get<Operation>(child.Id);
        return now.HasEnded() ? now : await end;
    }

    public async Task Wait(Func<Task<bool>> until)
    {
        while (true)
        {
            var next = Runner.Signals.Next(Run.Operation.TargetId, Cancelled);
            if (await until())
            {
                await Runner.Show(Run, OperationState.Running);
                return;
            }

            await Runner.Show(Run, OperationState.Waiting);
            await next;
        }
    }

    private string StepKey => undoing ? $"{index}:{step.Name}/undo" : $"{index}:{step.Name}";
}

/// <inheritdoc/>
internal sealed class StepRunContext<TContext>(StepRun run) : StepContext<TContext> where TContext : class
{
    public override Operation Operation => run.Run.Operation;
    public override IStore Store => run.Runner.Store;
    public override TimeProvider Time => run.Runner.Time;
    public override IIdSource Ids => run.Runner.Ids;
    public override CancellationToken Cancelled => run.Cancelled;
    public override void Save(TContext context) => run.Save(context);
    public override Task<TResult> Call<TResult>(Request<TResult> request) => run.Call(request);
    public override Task<TResult> Command<TResult>(Command<TResult> command) => run.Command(command);
    public override Task<Operation> Start(Request request, string? name = null) => run.Start(request, name);
    public override Task ChildrenEnded() => run.ChildrenEnded();
    public override Task Progress(int percent) => run.Progress(percent);
    public override Task Wait(Func<Task<bool>> until) => run.Wait(until);
    public override void Result(JsonObject result) => run.Run.Result = result;
}
