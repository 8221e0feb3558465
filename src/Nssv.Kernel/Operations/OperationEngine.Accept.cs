using Nssv.Kernel.Calls;
using Nssv.Kernel.Data;
using Nssv.Kernel.Events;
using Nssv.Kernel.Flows;
using Nssv.Kernel.Ownership;

namespace Nssv.Kernel.Operations;

/// <summary>Operations as people and steps ask for them, and as they are cancelled.</summary>
public sealed partial class OperationEngine
{
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

    /// <inheritdoc cref="IBus.Cancel"/>
    internal async Task<Operation> Cancel(Id operationId, ShardHold hold, EventDraft? note = null)
    {
        hold.Demand();
        var operation = await _store.Get<Operation>(operationId);
        if (operation.HasEnded())
            throw new Problem(409, "operation-ended", "The operation has ended.", $"It ended with state {InWords(operation.State)}.", "Nothing is left to cancel.").AsException();
        if (_running.TryGetValue(operationId, out var run) && run.PastPointOfNoReturn)
        {
            throw new Problem(409, "past-point-of-no-return", "The operation can only go forward now.",
                "What it has done cannot be taken back.", $"It goes on by itself; GET /api/v1/operations/{operationId} shows what is in its way.")
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

    private void TellCancelled(Id operationId)
    {
        if (_running.TryGetValue(operationId, out var run))
            run.Cancel();
        else
            _ = Begin(operationId);
    }

    private void FollowSequence(long accepted)
    {
        while (Volatile.Read(ref _lastSequence) is var last && last < accepted)
            Interlocked.CompareExchange(ref _lastSequence, accepted, last);
    }

    private static Problem InTheWay(Operation operation, ClaimTable.Entry other) =>
        new(409, "operation-in-the-way", "Another operation is working on this resource.",
            $"{other.Kind} has not ended on {operation.TargetType} {operation.TargetId}.", "Wait for its end, or cancel it.")
        { OperationId = other.OperationId };
}
