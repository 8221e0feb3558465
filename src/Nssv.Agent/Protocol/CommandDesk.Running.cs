using System.Text.Json;
using Nssv.Kernel;
using Nssv.Kernel.Agents;
using Nssv.Kernel.Data;

namespace Nssv.Agent.Protocol;

// Running commands and recording how they ended; stopping.
public sealed partial class CommandDesk
{
    private readonly CancellationTokenSource _stopping = new();
    private readonly TaskCompletionSource _idle = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly TaskCompletionSource<Exception> _faulted = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private bool _open;

    /// <summary>Ends when the journal can be trusted no longer: the agent must end, and read it anew.</summary>
    public Task<Exception> Faulted => _faulted.Task;

    /// <summary>
    /// Takes nothing more in, waits for what runs, gives up what still runs after <paramref name="grace"/> (it is run again from the journal at the next
    /// start), and stops sending.
    /// </summary>
    public async Task Stop(TimeSpan grace)
    {
        lock (_gate)
        {
            _open = false;
            if (_lines.Running == 0)
                _idle.TrySetResult();
        }
        await Task.WhenAny(_idle.Task.Here(), Task.Delay(grace, _time));
        _stopping.Cancel();
        await Task.WhenAny(_idle.Task.Here(), Task.Delay(TimeSpan.FromSeconds(5), _time));
        _outbox.Dispose();
        _progress.Dispose();
    }

    /// <summary>Gives up everything at once; the journal keeps what has not ended.</summary>
    public void Dispose()
    {
        lock (_gate)
            _open = false;
        _stopping.Cancel();
        _outbox.Dispose();
        _progress.Dispose();
    }

    private void Run(IReadOnlyList<CommandEntry> ready)
    {
        foreach (var entry in ready)
            _ = Run(entry);
    }

    private async Task Run(CommandEntry entry)
    {
        await Task.Yield();
        if (MayBegin(entry))
        {
            var result = await Execute(entry);
            if (result is not null)
                await Record(entry, result);
        }
        IReadOnlyList<CommandEntry> ready;
        lock (_gate)
        {
            if (entry.Phase == CommandPhase.Running)
                entry.Phase = CommandPhase.Dropped;
            if (entry.Successor is { } successor)
                successor.Predecessor = null;
            _lines.Release(entry);
            ready = _open ? _lines.TakeReady() : [];
            if (!_open && _lines.Running == 0)
                _idle.TrySetResult();
        }
        Run(ready);
    }

    /// <summary>Looks once more just before the effect: an Ask may have come since it was taken from its line.</summary>
    private bool MayBegin(CommandEntry entry)
    {
        lock (_gate)
        {
            if (!entry.IsSuperseded)
                return true;
            entry.Phase = CommandPhase.Parked;
            return false;
        }
    }

    /// <summary>Null when the agent stops: the journal keeps the command, and the next start runs it again.</summary>
    private async Task<CommandResult?> Execute(CommandEntry entry)
    {
        using var deadline = new CancellationTokenSource(TimeSpan.FromSeconds(entry.DeadlineSeconds), _time);
        using var stall = new StallWatch(entry.StallSeconds, _time, percent => _progress.Moved(entry, percent));
        using var cancel = CancellationTokenSource.CreateLinkedTokenSource([deadline.Token, stall.Stalled, entry.Abandoned.Token, _stopping.Token]);
        using var scope = _logger.BeginScope(new Dictionary<string, object> { ["OperationId"] = entry.Operation.Id, ["CommandId"] = entry.Id });
        var started = _time.GetTimestamp();
        try
        {
            if (entry.Command is null or UnreadableCommand)
                throw AgentProblems.Failed(entry.Name, entry.Id).AsException();
            _logger.Running(entry.Name, entry.Operation.Id, entry.Id, entry.Attempt);
            var result = await _engine.Run(entry.Command, new CommandScope(entry.Operation.Id, entry.Id, stall) { Epoch = entry.Epoch, StillWanted = () => !entry.IsSuperseded }, cancel.Token);
            _logger.Succeeded(entry.Name, entry.Operation.Id, entry.Id, (long)_time.GetElapsedTime(started).TotalMilliseconds);
            return new(entry.Id, entry.Operation.Id, entry.Attempt, true, JsonSerializer.SerializeToElement(result, result.GetType(), KernelJson.Options), null);
        }
        catch (Exception exception)
        {
            if (_stopping.IsCancellationRequested)
                return null;
            var problem = exception switch
            {
                _ when deadline.IsCancellationRequested => AgentProblems.DeadlinePassed(entry.Name, entry.DeadlineSeconds),
                _ when stall.Stalled.IsCancellationRequested => AgentProblems.Stalled(entry.Name, entry.StallSeconds!.Value),
                ProblemException refused => refused.Problem,
                _ => AgentProblems.Failed(entry.Name, entry.Id),
            };
            if (exception is ProblemException or OperationCanceledException)
                _logger.Failed(entry.Name, entry.Operation.Id, entry.Id, problem.Code, problem.Detail);
            else
                _logger.Broke(exception, entry.Name, entry.Operation.Id, entry.Id);
            return new(entry.Id, entry.Operation.Id, entry.Attempt, false, null, problem);
        }
    }

    /// <summary>Makes the result durable, then due. While the journal cannot be written the result waits here: told it would be only when it is recorded.</summary>
    private async Task Record(CommandEntry entry, CommandResult result)
    {
        for (var failures = 0; ; failures++)
        {
            if (entry.Successor is { } successor && await successor.Journaled.Task)
                return;
            try
            {
                Task committed;
                lock (_gate)
                {
                    if (entry.Successor is not null)
                        continue;
                    committed = _journal.Commit([new CommandEnded(result)]);
                }
                await committed;
                break;
            }
            catch (Exception exception) when (!IsFatal(exception))
            {
                _logger.ResultNotRecorded(exception, entry.Id);
                await Task.Delay(Backoff.After(failures, _options.FirstRetry, _options.LongestRetry), _time);
            }
            catch (Exception exception)
            {
                Fault(exception);
                return;
            }
        }
        lock (_gate)
        {
            entry.Result = result;
            entry.Command = null;
            entry.Phase = CommandPhase.Ended;
            if (entry.Successor is null && entry.Operation.EndedAt is null)
                _outbox.Add(entry);
        }
    }

    private void EnsureOpen()
    {
        if (!_open || _faulted.Task.IsCompleted)
            throw AgentProblems.Stopping().AsException();
    }

    private async Task Guarded(Task committed)
    {
        try
        {
            await committed;
        }
        catch (Exception exception)
        {
            throw Translate(exception);
        }
    }

    private Exception Translate(Exception exception)
    {
        if (IsFatal(exception))
            Fault(exception);
        return exception as ProblemException ?? AgentProblems.JournalFailed(exception.Message).AsException();
    }

    /// <summary>What was asked of the journal may or may not be there: memory is no longer a copy of it, so nobody may be answered from it.</summary>
    private static bool IsFatal(Exception exception) => exception is OutcomeUnknownException or FencedException;

    private void Fault(Exception exception)
    {
        _logger.JournalLost(exception);
        _faulted.TrySetResult(exception);
    }
}
