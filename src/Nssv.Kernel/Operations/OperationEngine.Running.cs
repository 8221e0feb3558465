using Nssv.Kernel.Agents;
using Nssv.Kernel.Calls;
using Nssv.Kernel.Data;
using Nssv.Kernel.Ownership;

namespace Nssv.Kernel.Operations;

/// <summary>From a free claim to the end, whatever becomes of the database meanwhile.</summary>
public sealed partial class OperationEngine
{
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
}
