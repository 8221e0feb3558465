using System.Collections.Concurrent;
using Microsoft.Extensions.Logging;
using Nssv.Kernel.Agents;
using Nssv.Kernel.Calls;
using Nssv.Kernel.Data;
using Nssv.Kernel.Events;
using Nssv.Kernel.Flows;
using Nssv.Kernel.Mailboxes;
using Nssv.Kernel.Ownership;

namespace Nssv.Kernel.Operations;

/// <summary>
/// Takes accepted operations in, starts them when their claim is free, takes them up again after a crash. The rows are the truth; what is here is a cache of them.
/// </summary>
public sealed partial class OperationEngine : IShardListener
{
    private readonly ClaimTable _claims = new();
    private readonly ConcurrentDictionary<Id, OperationRun> _running = new();
    private readonly MailboxSet _mailboxes;
    private readonly IStore _store;
    private readonly IWriter _writer;
    private readonly FlowCatalog _flows;
    private readonly OperationRunner _runner;
    private readonly OperationEnds _ends;
    private readonly HostConnections _links;
    private readonly IOwnership _ownership;
    private readonly TimeProvider _time;
    private readonly ILogger<OperationEngine> _log;
    private long _lastSequence;
    private bool _stopping;

    internal OperationEngine(
        MailboxSet mailboxes, IStore store, IWriter writer, FlowCatalog flows, OperationRunner runner, OperationEnds ends, HostConnections links, IOwnership ownership,
        TimeProvider time, ILogger<OperationEngine> log)
    {
        (_mailboxes, _store, _writer, _flows, _runner, _ends, _links, _ownership, _time, _log) = (mailboxes, store, writer, flows, runner, ends, links, ownership, time, log);
    }

    /// <summary>Operations that have begun and not ended on this node.</summary>
    public int RunningCount => _running.Count;

    /// <summary>Microseconds of the clock, but always growing: the order of acceptance.</summary>
    internal long NextSequence()
    {
        var now = Clock.Now(_time).UtcTicks / TimeSpan.TicksPerMicrosecond;
        while (true)
        {
            var last = Volatile.Read(ref _lastSequence);
            var next = Math.Max(now, last + 1);
            if (Interlocked.CompareExchange(ref _lastSequence, next, last) == last)
                return next;
        }
    }

    /// <summary>Writes intent and operation in one unit, and starts it if its claim is free. Runs on the target's mailbox.</summary>
    internal async Task<Operation> Submit(Operation draft, Decision decision, IdempotencyKey? key, ShardHold hold, ShardHold? caller, StepGuard? guard)
    {
        var flow = decision.Flow is null ? null : _flows.Flow(decision.Flow);
        var operation = flow is null ? draft : draft with { Aspect = flow.Claims };
        IReadOnlyList<(ClaimTable.Entry Other, ConflictPolicy Policy)> conflicts = flow is null ? [] : _claims.Conflicts(operation, flow);
        foreach (var (other, policy) in conflicts)
        {
            // One that has just ended gives its claim back in a moment, and holds nobody up but for that.
            if (policy == ConflictPolicy.Refuse && await _store.Get<Operation>(other.OperationId) is var met && (!met.HasEnded() || met.CleanupPending))
                throw InTheWay(operation, other).AsException();
        }

        var unit = new UnitOfWork { OperationId = operation.Id, Hold = hold, CallerHold = caller }.Include(decision.Unit).Insert(operation);
        guard?.Guard(unit);
        if (key is not null)
        {
            // One that has expired, and has not been swept yet, makes room.
            unit.Execute("idempotency_keys", "DELETE FROM idempotency_keys WHERE account_id = @p0 AND \"key\" = @p1 AND created_at < @p2", null,
                key.AccountId, key.Key, key.CreatedAt - Idempotency.Lifetime).Insert(key);
        }

        // Superseding is part of accepting: both are durable, or neither.
        List<Id> superseded = [];
        foreach (var (other, _) in conflicts.Where(conflict => conflict.Policy == ConflictPolicy.Supersede))
        {
            var before = await _store.Get<Operation>(other.OperationId);
            if (before.HasEnded() || _running.TryGetValue(before.Id, out var run) && run.PastPointOfNoReturn)
                continue;
            unit.Observe(before, before with { CancelRequested = true });
            superseded.Add(before.Id);
        }

        await CommitAccepted(unit, operation);
        if (flow is null)
            return operation;

        _claims.Add(operation, flow, running: false);
        foreach (var id in superseded)
            TellCancelled(id);
        await StartNext(operation.TargetId, operation);
        return operation;
    }

    /// <summary>If the outcome is not known, the row tells: an operation that is there must also be in the queue.</summary>
    private async Task CommitAccepted(UnitOfWork unit, Operation operation)
    {
        try
        {
            await _writer.Commit(unit);
        }
        catch (OutcomeUnknownException e)
        {
            Log.OutcomeUnknown(_log, operation.Id, e);
            if (await Reread(operation.Id) is null)
                throw Problems.Unavailable("The database was lost while the request was written; nothing of it was kept.").AsException();
        }
    }

    private void TellCancelled(Id operationId)
    {
        if (_running.TryGetValue(operationId, out var run))
            run.Cancel();
        else
            _ = Begin(operationId);
    }

    /// <inheritdoc cref="IBus.Cancel"/>
    internal async Task<Operation> Cancel(Id operationId, ShardHold hold, EventDraft? note = null)
    {
        hold.Demand();
        var operation = await _store.Get<Operation>(operationId);
        if (operation.HasEnded())
            throw new Problem(409, "operation-ended", "The operation has ended.", $"It ended with state {operation.State}.", "Nothing is left to cancel.").AsException();
        if (_running.TryGetValue(operationId, out var run) && run.PastPointOfNoReturn)
        {
            throw new Problem(409, "past-point-of-no-return", "The operation can only go forward now.",
                "What it has done cannot be taken back.", "Wait for its end.")
            { OperationId = operationId }.AsException();
        }

        var cancelled = operation with { CancelRequested = true };
        try
        {
            var unit = new UnitOfWork { OperationId = operationId, Hold = hold }.Observe(operation, cancelled);
            await _writer.Commit(note is null ? unit : unit.Publish(note));
        }
        catch (OutcomeUnknownException e)
        {
            Log.OutcomeUnknown(_log, operationId, e);
            if (await Reread(operationId) is not { CancelRequested: true })
                throw Problems.Unavailable("The database was lost while the wish was written; nothing of it was kept.").AsException();
        }

        TellCancelled(operationId);
        return cancelled;
    }

    /// <summary>Takes up everything on these shards that had not ended when their last owner stopped.</summary>
    public async Task Gained(ShardSet shards)
    {
        var unfinished = (await _store.List<Operation>(Condition.In(nameof(Operation.State),
                new[] { OperationState.Queued, OperationState.Running, OperationState.Waiting, OperationState.Undoing })))
            .Where(o => shards.Has(o.TargetId)).OrderBy(o => o.AcceptedSequence).ToList();
        foreach (var operation in unfinished)
        {
            FollowSequence(operation.AcceptedSequence);
            _claims.Add(operation, _flows.Find(operation.Kind), running: operation.State != OperationState.Queued);
        }

        Log.Recovering(_log, unfinished.Count);
        foreach (var operation in unfinished.Where(o => o.State != OperationState.Queued || o.CancelRequested))
            _ = Begin(operation.Id);
        foreach (var target in unfinished.Select(o => o.TargetId).Distinct())
            _ = _mailboxes.Run(target, async () => { await StartNext(target); return true; });
        // Their hosts may be back already, and have been looked at by another node.
        foreach (var pending in await _store.List<Operation>(Condition.Equal(nameof(Operation.CleanupPending), true)))
        {
            if (shards.Has(pending.TargetId))
                _ = CleanUpWhenBack(pending);
        }
    }

    /// <summary>Lets go of everything on these shards: it is the journal's, and the next owner's.</summary>
    public void Lost(ShardSet shards)
    {
        _claims.Remove(shards);
        foreach (var (id, run) in _running.ToArray().OrderBy(running => running.Key))
        {
            if (shards.Has(run.Operation.TargetId) && _running.TryRemove(new KeyValuePair<Id, OperationRun>(id, run)))
                run.LetGo();
        }
    }

    private void FollowSequence(long accepted)
    {
        while (Volatile.Read(ref _lastSequence) is var last && last < accepted)
            Interlocked.CompareExchange(ref _lastSequence, accepted, last);
    }

    /// <summary>Runs what operations of this node left on a host that was unreachable when they failed. <see cref="HostCleanUp"/> asks all nodes.</summary>
    /// <returns>True when nothing of this node's is left.</returns>
    internal async Task<bool> CleanUp(Id hostId)
    {
        foreach (var operation in (await PendingOn(hostId)).OrderBy(o => o.AcceptedSequence))
        {
            if (_ownership.Hold(operation.TargetId) is not { IsDropped: false } hold)
                continue;
            var run = new OperationRun(operation, hold);
            if (!_running.TryAdd(operation.Id, run))
                continue;
            // Since the list was read, another call may have cleaned it up.
            if (await Fresh(run) is not { CleanupPending: true } pending)
                _running.TryRemove(new KeyValuePair<Id, OperationRun>(operation.Id, run));
            else if (await Execute(run, pending, recovered: true) is { CleanupPending: true } again)
                _ = CleanUpWhenBack(again);
        }

        return !(await PendingOn(hostId)).Any(operation => _ownership.Hold(operation.TargetId) is not null);
    }

    private ValueTask<IReadOnlyList<Operation>> PendingOn(Id hostId) =>
        _store.List<Operation>(Condition.Equal(nameof(Operation.CleanupHostId), hostId), Condition.Equal(nameof(Operation.CleanupPending), true));

    /// <summary>
    /// The host may have come back, and its clean-up been looked for, while the operation was just giving it up; so this node looks itself as well.
    /// </summary>
    private async Task CleanUpWhenBack(Operation ended)
    {
        var host = ended.CleanupHostId!.Value;
        try
        {
            await _links.WaitFor(host, HostLink.Connected, CancellationToken.None);
            if (!_stopping)
                await CleanUp(host);
        }
        catch (HostUnreachableException)
        {
            // The host was removed, and with it what was left there.
        }
    }

    /// <summary>Starts nothing more; what runs is left to the journal.</summary>
    public void Stop() => _stopping = true;

    private async Task StartNext(Id target, Operation? known = null)
    {
        foreach (var id in _claims.TakeStartable(target))
        {
            if (known?.Id == id)
                _ = Begin(known);
            else
                _ = Begin(id);
        }

        await Task.CompletedTask;
    }

    private async Task Begin(Id operationId)
    {
        try
        {
            while (true)
            {
                try
                {
                    await Begin(await _store.Get<Operation>(operationId), mayBeStale: true);
                    return;
                }
                catch (ProblemException e) when (Journal.DatabaseRefuses(e))
                {
                    // Its claim is taken already: given up here, it would hold its target until the next start of the manager.
                    await Task.Delay(Journal.RetryAfter, _time);
                }
            }
        }
        catch (Exception e)
        {
            Log.CannotRead(_log, operationId, e);
        }
    }

    /// <param name="mayBeStale">It was read before this node made sure that nobody else here has it in hand.</param>
    private async Task Begin(Operation operation, bool mayBeStale = false)
    {
        if (_stopping || operation.HasEnded() || _ownership.Hold(operation.TargetId) is not { IsDropped: false } hold)
            return;
        var run = new OperationRun(operation, hold);
        if (!_running.TryAdd(operation.Id, run))
            return;
        if (mayBeStale)
        {
            operation = await Fresh(run);
            if (operation.HasEnded())
            {
                _running.TryRemove(new KeyValuePair<Id, OperationRun>(operation.Id, run));
                return;
            }
        }

        await Task.Yield();
        var ended = await Execute(run, operation, recovered: operation.State != OperationState.Queued);
        if (ended is null)
            return;
        await _mailboxes.Run(ended.TargetId, async () =>
        {
            if (run.Hold.IsDropped)
                return true;
            _claims.Remove(ended.TargetId, ended.Id);
            await StartNext(ended.TargetId);
            return true;
        });
        _ends.Ended(ended);
        if (ended.CleanupPending)
            await CleanUpWhenBack(ended);
    }

    /// <summary>The row as it is now that the run is in this node's hands.</summary>
    private async Task<Operation> Fresh(OperationRun run)
    {
        try
        {
            run.Reload(await _store.Get<Operation>(run.Operation.Id));
            return run.Operation;
        }
        catch
        {
            _running.TryRemove(new KeyValuePair<Id, OperationRun>(run.Operation.Id, run));
            throw;
        }
    }

    /// <returns>The ended operation; null when this node had to let go of it.</returns>
    private async Task<Operation?> Execute(OperationRun run, Operation operation, bool recovered)
    {
        var isCleanUp = run.IsCleanUp;
        using var scope = _log.BeginScope(new KeyValuePair<string, object>[] { new("OperationId", operation.Id) });
        try
        {
            while (true)
            {
                try
                {
                    return await _runner.Run(run, recovered, _claims.IsRunning(operation.TargetId, operation.Id));
                }
                catch (Exception e) when (e is OutcomeUnknownException || e is ProblemException refused && Journal.DatabaseRefuses(refused))
                {
                    // Nobody answers from memory: read what is there, and go on from that.
                    Log.OutcomeUnknown(_log, operation.Id, e);
                    await Task.Delay(Journal.RetryAfter, _time);
                    run.Reload(await Reread(operation.Id) ?? throw new FencedException($"operation {operation.Id} is gone"));
                    if (run.Operation.HasEnded() && !(isCleanUp && run.IsCleanUp))
                        return run.Operation;
                    recovered = run.Operation.State != OperationState.Queued;
                }
            }
        }
        catch (Exception e) when (e is FencedException or NotOwnerException || run.Hold.IsDropped)
        {
            Log.LetGo(_log, operation.Id, e.Message);
            return null;
        }
        catch (Exception e)
        {
            return await GiveUp(run, e);
        }
        finally
        {
            _running.TryRemove(new KeyValuePair<Id, OperationRun>(operation.Id, run));
        }
    }

    /// <summary>A person must look; nothing hangs, and the claim is free. If it is another node's by now, this commit is refused.</summary>
    private async Task<Operation?> GiveUp(OperationRun run, Exception e)
    {
        while (true)
        {
            try
            {
                if (e is SupersededException superseded)
                {
                    Log.Superseded(_log, run.Operation.Id, e.Message);
                    return await _runner.EndSuperseded(run, superseded);
                }

                Log.CannotRead(_log, run.Operation.Id, e);
                return await _runner.GiveUp(run, e);
            }
            catch (Exception refused) when (refused is FencedException or NotOwnerException)
            {
                Log.LetGo(_log, run.Operation.Id, refused.Message);
                return null;
            }
            catch (OutcomeUnknownException unknown)
            {
                Log.OutcomeUnknown(_log, run.Operation.Id, unknown);
                await Task.Delay(Journal.RetryAfter, _time);
                var now = await Reread(run.Operation.Id);
                if (now is null || now.HasEnded())
                    return now;
                run.Reload(now);
            }
            catch (Exception again)
            {
                Log.CannotRead(_log, run.Operation.Id, again);
                await Task.Delay(TimeSpan.FromSeconds(5), _time);
            }
        }
    }

    /// <summary>The row as it is now; waits for the database.</summary>
    private async Task<Operation?> Reread(Id operationId)
    {
        while (true)
        {
            try
            {
                return await _store.Find<Operation>(operationId);
            }
            catch (Exception e) when (e is not FencedException)
            {
                await Task.Delay(TimeSpan.FromSeconds(1), _time);
            }
        }
    }

    private static Problem InTheWay(Operation operation, ClaimTable.Entry other) =>
        new(409, "operation-in-the-way", "Another operation is working on this resource.",
            $"{other.Kind} has not ended on {operation.TargetType} {operation.TargetId}.", "Wait for its end, or cancel it.")
        { OperationId = other.OperationId };
}
