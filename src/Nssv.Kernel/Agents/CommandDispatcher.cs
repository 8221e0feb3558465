using System.Collections.Concurrent;
using System.Globalization;

namespace Nssv.Kernel.Agents;

/// <summary>The operation has a newer owner, which has told the host: this one must not touch it again.</summary>
public sealed class SupersededException(string message) : Exception(message);

/// <summary>
/// Sends commands and waits for their results, which come by callback. A command that may be lost is sent again under the same id:
/// the host answers from its journal, so nothing is done twice.
/// </summary>
public sealed class CommandDispatcher(IAgentTransport transport, HostConnections links, TimeProvider time) : IAgentInbox
{
    /// <summary>A result that has not come by then is asked for again by repeating the command.</summary>
    private static readonly TimeSpan RepeatAfter = TimeSpan.FromSeconds(15);
    private static readonly TimeSpan FirstPause = TimeSpan.FromMilliseconds(200);
    private static readonly TimeSpan LongestPause = TimeSpan.FromSeconds(5);

    private readonly ConcurrentDictionary<string, Pending> _pending = new(StringComparer.Ordinal);
    private readonly ConcurrentDictionary<Id, Outbox> _outboxes = new();

    /// <summary>Runs one command to its end.</summary>
    /// <param name="duringReconcile">True for stored clean-up, which goes before all other work when a host returns.</param>
    /// <exception cref="SupersededException">A newer owner has asked the host.</exception>
    /// <exception cref="OperationCanceledException">Given up: the command's fate is unknown.</exception>
    public async Task<CommandResult> Run(Id hostId, CommandEnvelope command, bool duringReconcile, CancellationToken cancel)
    {
        var pending = new Pending(hostId, command.Attempt);
        _pending[command.Id] = pending;
        try
        {
            var pause = FirstPause;
            while (true)
            {
                await links.WaitFor(hostId, duringReconcile ? HostLink.Reconciling : HostLink.Connected, cancel);
                try
                {
                    var refused = await Post(hostId, command, cancel);
                    if (refused is { Code: "stale-epoch" })
                        throw new SupersededException($"host {hostId} knows operation {command.OperationId} with epoch {refused.RecordedEpoch}, not {command.Epoch}");
                    if (refused is not null)
                        throw Refused(command, refused).AsException();
                    return await pending.Result.Task.Within(RepeatAfter, time, cancel);
                }
                catch (TimeoutException)
                {
                    pause = FirstPause;
                }
                catch (HostUnreachableException)
                {
                    await Task.Delay(pause, time, cancel);
                    pause = pause * 2 < LongestPause ? pause * 2 : LongestPause;
                }
            }
        }
        finally
        {
            _pending.TryRemove(new KeyValuePair<string, Pending>(command.Id, pending));
        }
    }

    /// <summary>Takes results in. Those that nobody waits for are acknowledged too: whoever repeats the command gets them again.</summary>
    public Task<ResultReceipt> Results(Id hostId, ResultBatch batch)
    {
        foreach (var result in batch.Results)
        {
            if (_pending.TryGetValue(result.CommandId, out var pending) && pending.HostId == hostId && pending.Attempt == result.Attempt)
                pending.Result.TrySetResult(result);
        }

        return Task.FromResult(new ResultReceipt([.. batch.Results.Select(r => r.CommandId)]));
    }

    /// <summary>Asks a host what became of an operation, and shuts out whatever is older than <paramref name="epoch"/> there. Waits for the host.</summary>
    public async Task<AskReply> Ask(Id hostId, Id operationId, long epoch, bool duringReconcile, CancellationToken cancel)
    {
        var pause = FirstPause;
        while (true)
        {
            await links.WaitFor(hostId, duringReconcile ? HostLink.Reconciling : HostLink.Connected, cancel);
            try
            {
                var reply = await transport.Ask(hostId, new Ask(operationId, epoch), cancel);
                return reply.RecordedEpoch > epoch
                    ? throw new SupersededException($"host {hostId} knows operation {operationId} with epoch {reply.RecordedEpoch}, not {epoch}")
                    : reply;
            }
            catch (HostUnreachableException)
            {
                await Task.Delay(pause, time, cancel);
                pause = pause * 2 < LongestPause ? pause * 2 : LongestPause;
            }
        }
    }

    /// <summary>Tells the host, some time and several together, that an operation has ended: its journal may forget it.</summary>
    public void ForgetLater(Id hostId, Id operationId)
    {
        var outbox = _outboxes.GetOrAdd(hostId, static _ => new Outbox());
        if (outbox.AddEnded(operationId) is { } ended && links.Of(hostId) == HostLink.Connected)
            _ = Forget(hostId, ended);
    }

    private async Task Forget(Id hostId, List<Id> ended)
    {
        try
        {
            await transport.Forget(hostId, new Forget(ended), CancellationToken.None);
        }
        catch (HostUnreachableException)
        {
            // The host forgets by itself after its own retention time.
        }
    }

    private async Task<RefusedCommand?> Post(Id hostId, CommandEnvelope command, CancellationToken cancel)
    {
        var answer = new TaskCompletionSource<RefusedCommand?>(TaskCreationOptions.RunContinuationsAsynchronously);
        var outbox = _outboxes.GetOrAdd(hostId, static _ => new Outbox());
        if (outbox.Add(command, answer))
            _ = Pump(hostId, outbox);
        try
        {
            return await answer.Task.OrCancelled(cancel);
        }
        catch (OperationCanceledException)
        {
            // Given up before it was sent: it must not go along with its own next attempt, whose answer names the same id.
            answer.TrySetCanceled(cancel);
            throw;
        }
    }

    /// <summary>While one batch is on its way the next one gathers: many commands for a host share a request and the host's journal commit.</summary>
    private async Task Pump(Id hostId, Outbox outbox)
    {
        await Task.Yield();
        while (outbox.Take() is { Count: > 0 } batch)
        {
            try
            {
                var receipt = await transport.Send(hostId, new CommandBatch([.. batch.Select(b => b.Command)]), CancellationToken.None);
                var refused = receipt.Refused.ToLookup(r => r.Id, StringComparer.Ordinal);
                foreach (var (command, answer) in batch)
                    answer.TrySetResult(refused[command.Id].FirstOrDefault());
            }
            catch (Exception e)
            {
                // A refusal tells that nothing was taken in; anything else, that nobody knows.
                var failure = e is HostUnreachableException or ProblemException ? e : new HostUnreachableException(hostId, e.Message, e);
                foreach (var (_, answer) in batch)
                    answer.TrySetException(failure);
            }
        }
    }

    private static Problem Refused(CommandEnvelope command, RefusedCommand refused) =>
        new(502, refused.Code, "The host refused a command.", string.Create(CultureInfo.InvariantCulture, $"Command {command.Name} was refused with {refused.Code}."),
            "Bring the host's agent to the manager's version.");

    private sealed class Pending(Id hostId, int attempt)
    {
        public Id HostId { get; } = hostId;
        public int Attempt { get; } = attempt;
        public TaskCompletionSource<CommandResult> Result { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);
    }

    private sealed class Outbox
    {
        private const int LargestBatch = 200;
        private const int EndedTogether = 64;
        private readonly List<Id> _ended = [];
        private readonly Queue<(CommandEnvelope Command, TaskCompletionSource<RefusedCommand?> Answer)> _queue = new();
        private bool _pumping;

        /// <returns>True when the caller must start the pump.</returns>
        public bool Add(CommandEnvelope command, TaskCompletionSource<RefusedCommand?> answer)
        {
            lock (_queue)
            {
                _queue.Enqueue((command, answer));
                var start = !_pumping;
                _pumping = true;
                return start;
            }
        }

        /// <returns>The ids to send, once there are enough.</returns>
        public List<Id>? AddEnded(Id operationId)
        {
            lock (_queue)
            {
                _ended.Add(operationId);
                if (_ended.Count < EndedTogether)
                    return null;
                List<Id> all = [.. _ended];
                _ended.Clear();
                return all;
            }
        }

        public List<(CommandEnvelope Command, TaskCompletionSource<RefusedCommand?> Answer)> Take()
        {
            lock (_queue)
            {
                List<(CommandEnvelope, TaskCompletionSource<RefusedCommand?>)> batch = [];
                while (batch.Count < LargestBatch && _queue.TryDequeue(out var next))
                {
                    if (!next.Answer.Task.IsCompleted)
                        batch.Add(next);
                }

                if (batch.Count == 0)
                    _pumping = false;
                return batch;
            }
        }
    }
}
