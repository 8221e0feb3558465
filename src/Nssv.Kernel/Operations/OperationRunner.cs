using System.Collections.Concurrent;
using System.Text.Json;
using Microsoft.Extensions.Logging;
using Nssv.Kernel.Agents;
using Nssv.Kernel.Calls;
using Nssv.Kernel.Data;
using Nssv.Kernel.Flows;
using Nssv.Kernel.Ownership;

namespace Nssv.Kernel.Operations;

/// <summary>
/// Takes one operation through its plan. Before a step's effect is asked for its Started entry is durable; after it is confirmed its Done entry is,
/// in the same unit as the next step's Started. What fails goes back through Undo, beginning with the step in doubt.
/// </summary>
internal sealed partial class OperationRunner(
    FlowCatalog flows,
    Journal journal,
    CommandDispatcher dispatcher,
    HostConnections links,
    OperationEnds ends,
    Signals signals,
    IStore store,
    IOwnership ownership,
    TimeProvider time,
    IIdSource ids,
    IChance chance,
    ILogger<OperationRunner> log)
{
    /// <summary>How long a step waits for a silent host before it fails. Longer than a heartbeat's interval, so that a restarted manager hears its hosts first.</summary>
    private static readonly TimeSpan HostPatience = TimeSpan.FromSeconds(60);
    private static readonly TimeSpan FirstPause = TimeSpan.FromMilliseconds(500);
    private static readonly TimeSpan LongestPause = TimeSpan.FromSeconds(30);

    /// <summary>An undo, or a step that can only go forward, is tried so often before a person must look.</summary>
    private const int Persistence = 12;

    /// <summary>Set once, when both are made.</summary>
    public Bus Bus { get; set; } = null!;

    private readonly ConcurrentDictionary<Id, FailedTry> _failed = new();
    private long _fences;

    /// <summary>Of the steps that are being tried again, the last failure of each.</summary>
    public IEnumerable<FailedTry> FailedTries => _failed.Select(entry => entry.Value);

    public CommandDispatcher Dispatcher => dispatcher;
    public OperationEnds Ends => ends;
    public Signals Signals => signals;
    public IStore Store => store;
    public TimeProvider Time => time;
    public IIdSource Ids => ids;

    /// <summary>Runs to the end, or as far as it can be taken now.</summary>
    /// <param name="claimed">False for an operation that is cancelled while it waits: it ends without touching its target.</param>
    public async Task<Operation> Run(OperationRun run, bool recovered, bool claimed)
    {
        try
        {
            return await RunOn(run, recovered, claimed);
        }
        finally
        {
            // However it leaves this node's hands.
            _failed.TryRemove(run.Operation.Id, out _);
        }
    }

    private async Task<Operation> RunOn(OperationRun run, bool recovered, bool claimed)
    {
        if (run.Operation.State == OperationState.Queued)
        {
            if (run.Operation.CancelRequested && !claimed)
                return await journal.End(run, OperationState.Failed, CancelledProblem);
            if (flows.Find(run.Operation.Kind) is not { } flow)
                return await LeaveToNewer(run, UnknownFlow(run.Operation.Kind));
            await Freeze(run, flow);
            // What was accepted with it (rows of what it would have made) is taken back by the undo of its first step.
            if (run.Operation.CancelRequested && !run.Operation.HasEnded())
                await journal.TurnBack(run, CancelledProblem);
        }

        if (recovered)
        {
            Fence(run);
            await journal.Load(run);
            await journal.TakeUp(run);
            var inDoubt = run.Plan!.Steps.ElementAtOrDefault(run.Operation.StepIndex);
            if (run.Operation.Direction == FlowDirection.Forward && inDoubt is { AfterCrash: FlowDirection.Back } && !run.PastPointOfNoReturn)
                await journal.TurnBack(run, Interrupted);
        }

        return run.Operation.Direction == FlowDirection.Forward ? await Forward(run) : await Back(run);
    }

    /// <summary>While the node's lease has run out nothing more is asked for: it may be renewed, or the shard may be another's already.</summary>
    /// <exception cref="NotOwnerException">It is another's.</exception>
    public async Task UntilValid(OperationRun run, CancellationToken cancel)
    {
        while (!run.Hold.IsValid)
        {
            if (run.Hold.IsDropped)
                throw new NotOwnerException();
            await Task.Delay(FirstPause, time, cancel);
        }
    }

    /// <summary>A host knows a newer owner than this one, which still holds the shard: the database is older than the hosts' journals (restored from a backup).</summary>
    public Task<Operation> EndSuperseded(OperationRun run, SupersededException e) => journal.End(run, OperationState.NeedsAttention, new Problem(
        500, "newer-owner-on-host", "A host has already heard a newer owner of the operation.", e.Message,
        "If the database was restored from a backup, compare the resource with its host, put right by hand what differs, then dismiss the operation."));

    private void Fence(OperationRun run) => run.Fence(Interlocked.Increment(ref _fences));

    /// <summary>Something that no step is to blame for: a person must look, but nothing hangs.</summary>
    public Task<Operation> GiveUp(OperationRun run, Exception e) =>
        journal.End(run, OperationState.NeedsAttention, Problems.Internal($"The operation could not be taken on: {e.GetType().Name}."));

    /// <summary>Shows what the operation is doing; not a journal entry.</summary>
    public Task Show(OperationRun run, OperationState state) => journal.Show(run, state);

    /// <summary>The same for how far it is.</summary>
    public Task Show(OperationRun run, int percent) => journal.Show(run, percent);

    private async Task Freeze(OperationRun run, FlowDefinition flow)
    {
        var plan = flows.Freeze(flow, run.Context, ownership.Level);
        await journal.Start(run, plan, HostOf(run, plan, 0));
    }

    private async Task<Operation> Forward(OperationRun run)
    {
        while (run.Operation.StepIndex < run.Plan!.Steps.Count)
        {
            var index = run.Operation.StepIndex;
            var step = run.Plan.Steps[index];
            var binding = flows.FindStep(step.Name);
            if (binding is null && !step.Optional)
                return step.Inserted ? await Without(run, step) : await LeaveToNewer(run, UnknownStep(step));
            for (var attempt = 1; binding is not null; attempt++)
            {
                try
                {
                    await Try(run, binding, step, index, attempt, undoing: false);
                    _failed.TryRemove(run.Operation.Id, out _);
                    break;
                }
                catch (Exception e) when (!LetsGo(run, e))
                {
                    run.Revert();
                    var problem = ToProblem(e, step);
                    Log.StepFailed(log, run.Operation.Id, step.FullName, attempt, problem.Code, problem.Detail, e is ProblemException or HostUnreachableException or OperationCanceledException ? null : e);
                    if (run.PastPointOfNoReturn)
                    {
                        if (e is HostUnreachableException lost)
                            return await journal.EndWithCleanUp(run, problem, lost.HostId);
                        if (attempt >= Persistence)
                            return await journal.End(run, OperationState.NeedsAttention, problem);
                    }
                    else if (attempt > step.Retry && !(IsAway(e) && attempt < Persistence) || run.Cancelled.IsCancellationRequested || problem.Status is >= 400 and < 500)
                    {
                        _failed.TryRemove(run.Operation.Id, out _);
                        await journal.TurnBack(run, run.Cancelled.IsCancellationRequested ? CancelledProblem : problem);
                        return await Back(run);
                    }

                    await Pause(run, attempt, problem);
                }
            }

            await journal.Advance(run, HostOf(run, run.Plan, index + 1));
        }

        return run.Operation.HasEnded() ? run.Operation : await journal.End(run, OperationState.Succeeded, null);
    }

    private async Task<Operation> Back(OperationRun run)
    {
        while (run.Operation.StepIndex >= 0)
        {
            var index = run.Operation.StepIndex;
            var step = run.Plan!.Steps[index];
            var binding = flows.FindStep(step.Name);
            // What was put into the flow and is there no more cannot be taken back, and keeps nothing else from it.
            if (binding is null && !step.Inserted)
                return await LeaveToNewer(run, UnknownStep(step));
            for (var attempt = 1; binding is not null; attempt++)
            {
                try
                {
                    await Try(run, binding, step, index, attempt, undoing: true);
                    _failed.TryRemove(run.Operation.Id, out _);
                    break;
                }
                catch (HostUnreachableException lost) when (!run.Hold.IsDropped)
                {
                    return await journal.EndWithCleanUp(run, Reason(run)!, lost.HostId);
                }
                catch (Exception e) when (!LetsGo(run, e))
                {
                    Log.UndoFailed(log, run.Operation.Id, step.FullName, attempt, e);
                    var problem = ToProblem(e, step);
                    if (attempt >= Persistence)
                        return await journal.End(run, OperationState.NeedsAttention, problem);
                    await Pause(run, attempt, problem);
                }
            }

            await journal.Undone(run);
        }

        return await journal.End(run, OperationState.Failed, Reason(run));
    }

    /// <summary>Why it goes back. What has stopped it on that way, until a person let it go on, is told no more.</summary>
    private static Problem? Reason(OperationRun run) => run.Steps.Values.FirstOrDefault(step => step.Error is not null)?.Error ?? run.Operation.Error;

    private async Task Try(OperationRun run, StepBinding binding, PlannedStep step, int index, int attempt, bool undoing)
    {
        await UntilValid(run, CancellationToken.None);
        var host = binding.Host(run, step.Scope);
        using var deadline = new CancellationTokenSource(step.Deadline, time);
        using var cancel = CancellationTokenSource.CreateLinkedTokenSource(deadline.Token, undoing || run.PastPointOfNoReturn ? CancellationToken.None : run.Cancelled);
        var tried = new StepRun(run, this, step, index, attempt, undoing, host, deadline.Token, cancel.Token);
        try
        {
            cancel.Token.ThrowIfCancellationRequested();
            if (undoing)
                await EndChildren(run, index, cancel.Token);
            if (host is { } hostId)
                await MakeSure(run, hostId, undoing, cancel.Token);
            await (undoing ? binding.Undo(run, step.Scope, tried) : binding.Run(run, step.Scope, tried));
            if (host is { } commanded && run.HasLeftRunning)
                await UntilOver(run, commanded, cancel.Token);
        }
        catch (OperationCanceledException e) when (cancel.IsCancellationRequested)
        {
            if (host is { } silent && links.Of(silent) < HostLink.Connected && deadline.IsCancellationRequested)
                throw new HostUnreachableException(silent, $"Host {silent} did not answer within {step.Deadline}.", e);
            throw;
        }
        finally
        {
            if (tried.FateUnknown)
                Fence(run);
        }
    }

    /// <summary>The host is there, and nothing older of this operation can take effect on it any more.</summary>
    private async Task MakeSure(OperationRun run, Id host, bool undoing, CancellationToken cancel)
    {
        var enough = run.IsCleanUp ? HostLink.Reconciling : HostLink.Connected;
        if (links.Of(host) < enough)
        {
            using var patience = new CancellationTokenSource(HostPatience, time);
            using var either = CancellationTokenSource.CreateLinkedTokenSource(patience.Token, cancel);
            try
            {
                await links.WaitFor(host, enough, either.Token);
            }
            catch (OperationCanceledException) when (patience.IsCancellationRequested)
            {
                throw new HostUnreachableException(host, $"Host {host} is not connected.");
            }
        }

        if (run.MustAsk(host))
        {
            var reply = await dispatcher.Ask(host, run.Operation.Id, run.Epoch, run.IsCleanUp, cancel);
            // What already ran when the host was asked runs on. Forward it is asked for again and so adopted; it must be over before it is taken back.
            if (undoing)
                reply = await UntilOver(run, host, cancel);
            run.Asked(host, reply.Commands);
        }
    }

    /// <summary>Nothing of an earlier owner runs on the host any more.</summary>
    private async Task<AskReply> UntilOver(OperationRun run, Id host, CancellationToken cancel)
    {
        while (true)
        {
            var reply = await dispatcher.Ask(host, run.Operation.Id, run.Epoch, run.IsCleanUp, cancel);
            if (!reply.Commands.Any(command => command.State == CommandState.Running))
            {
                run.NothingLeftRunning();
                return reply;
            }

            await Task.Delay(FirstPause, time, cancel);
        }
    }

    /// <summary>What a step has started must have ended before the step is taken back: children are cancelled, and waited for whatever they do then.</summary>
    private async Task EndChildren(OperationRun run, int index, CancellationToken cancel)
    {
        foreach (var child in await store.List<Operation>(Condition.Equal(nameof(Operation.ParentId), run.Operation.Id)))
        {
            if (child.HasEnded() || !child.ParentCall!.StartsWith($"{index}:", StringComparison.Ordinal) || child.ParentCall.Contains("/undo/", StringComparison.Ordinal))
                continue;
            var end = ends.Next(child.Id, cancel);
            if ((await store.Get<Operation>(child.Id)).HasEnded())
                continue;
            try
            {
                await Bus.Cancel(child.Id);
            }
            catch (ProblemException)
            {
                // It has just ended, or can only go forward: its end is near in either case.
            }

            await end;
        }
    }

    private Id? HostOf(OperationRun run, Plan plan, int index) =>
        plan.Steps.ElementAtOrDefault(index) is { } step && flows.FindStep(step.Name) is { } binding
            ? binding.Host(run, step.Scope)
            : null;

    /// <summary>Until the next try. Meanwhile, and while that one goes on, people are shown why the last one failed.</summary>
    private Task Pause(OperationRun run, int attempt, Problem problem)
    {
        var pause = FirstPause * Math.Pow(2, Math.Min(attempt - 1, 10));
        if (pause > LongestPause)
            pause = LongestPause;
        pause *= 0.75 + chance.Next() / 2;
        // Clean-up belongs to an operation that has ended: nobody waits for it.
        if (!run.IsCleanUp)
            _failed[run.Operation.Id] = new FailedTry(run.Operation, attempt, problem, time.GetUtcNow() + pause);
        return Task.Delay(pause, time);
    }

    /// <summary>A step could not read: like the journal it waits for the database, and does not give up what is half done at the first refusal.</summary>
    private static bool IsAway(Exception e) => e is ProblemException problem && Journal.DatabaseRefuses(problem);

    /// <summary>These end this node's hold on the operation, not the operation.</summary>
    private static bool LetsGo(OperationRun run, Exception e) => e is FencedException or NotOwnerException or SupersededException or OutcomeUnknownException || run.Hold.IsDropped;

    private static Problem ToProblem(Exception e, PlannedStep step) => e switch
    {
        ProblemException p => p.Problem,
        HostUnreachableException => new Problem(503, "host-unreachable", "A host does not answer.", e.Message, "Look at the host, its agent and the network between; then repeat the request."),
        OperationCanceledException => new Problem(504, "step-timed-out", "A step took too long.", $"Step {step.FullName} did not end within {step.Deadline}.", "Look at the host's load and log; then repeat the request."),
        _ => Problems.Internal($"Step {step.FullName} failed: {e.GetType().Name}."),
    };

    private static readonly Problem CancelledProblem = new(409, "cancelled", "The operation was cancelled.", null, "Repeat the request if it is still wanted.");

    private static readonly Problem Interrupted = new(503, "interrupted", "The manager stopped while the operation ran; what it had done was taken back.", null, "Repeat the request.");
}
