using System.Collections.Concurrent;
using System.Globalization;

namespace Nssv.Kernel.Agents;

/// <summary>The operation has a newer owner, which has told the host: this one must not touch it again.</summary>
public sealed class SupersededException(string message) : Exception(message);

/// <summary>
/// Sends commands and waits for their results, which come by callback. A command that may be lost is sent again under the same id:
/// the host answers from its journal, so nothing is done twice.
/// </summary>
public sealed class CommandDispatcher(IAgentTransport transport, HostConnections links, TimeProvider time, CommandMetrics metrics, DispatchLimits? limits = null) : IAgentInbox
{
    /// <summary>A result that has not come by then is asked for again by repeating the command.</summary>
    private static readonly TimeSpan RepeatAfter = TimeSpan.FromSeconds(15);
    private static readonly TimeSpan FirstPause = TimeSpan.FromMilliseconds(200);
    private static readonly TimeSpan LongestPause = TimeSpan.FromSeconds(5);

    private readonly int _perHost = (limits ?? new()).CommandsPerHost;
    private readonly ConcurrentDictionary<string, Pending> _pending = new(StringComparer.Ordinal);
    private readonly ConcurrentDictionary<Id, Outbox> _outboxes = new();

    /// <summary>Runs one command to its end.</summary>
    /// <param name="duringReconcile">True for stored clean-up, which goes before all other work when a host returns.</param>
    /// <param name="progress">Told now and then how far the host is, in percent; must return at once.</param>
    /// <exception cref="SupersededException">A newer owner has asked the host.</exception>
    /// <exception cref="OperationCanceledException">Given up: the command's fate is unknown.</exception>
    public async Task<CommandResult> Run(Id hostId, CommandEnvelope command, bool duringReconcile, CancellationToken cancel, Action<int>? progress = null)
    {
        var pending = new Pending(hostId, command.Attempt, progress);
        _pending[command.Id] = pending;
        var asked = time.GetTimestamp();
        try
        {
            var pause = FirstPause;
            while (true)
            {
                await links.WaitFor(hostId, duringReconcile ? HostLink.Reconciling : HostLink.Connected, cancel);
                try
                {
                    var refused = await Post(new Item(command, pending, command.PassesQueue || duringReconcile), cancel);
                    if (refused is not null)
                        metrics.Refused(command.Name, refused.Code);
                    if (refused is { Code: "stale-epoch" })
                        throw new SupersededException($"host {hostId} knows operation {command.OperationId} with epoch {refused.RecordedEpoch}, not {command.Epoch}");
                    if (refused is not null)
                        throw Refused(command, refused).AsException();
                    var result = await pending.Result.Task.Within(RepeatAfter, time, cancel);
                    metrics.Ended(command.Name, result.Succeeded, time.GetElapsedTime(asked));
                    return result;
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
            if (_outboxes.TryGetValue(hostId, out var outbox) && outbox.Ended(pending))
                _ = Pump(hostId, outbox);
        }
    }

    /// <summary>Takes results in. Those that nobody waits for are acknowledged too: whoever repeats the command gets them again.</summary>
    public Task<ResultReceipt> Results(Id hostId, ResultBatch batch)
    {
        foreach (var result in batch.Results)
        {
            if (PendingOf(hostId, result.CommandId, result.Attempt) is { } pending)
                pending.Result.TrySetResult(result);
        }

        foreach (var told in batch.Progress ?? [])
            PendingOf(hostId, told.CommandId, told.Attempt)?.Progress?.Invoke(told.Percent);

        return Task.FromResult(new ResultReceipt([.. batch.Results.Select(r => r.CommandId)]));
    }

    private Pending? PendingOf(Id hostId, string commandId, int attempt) =>
        _pending.TryGetValue(commandId, out var pending) && pending.HostId == hostId && pending.Attempt == attempt ? pending : null;

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
        var outbox = _outboxes.GetOrAdd(hostId, static (_, own) => own.NewOutbox(), this);
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

    private async Task<RefusedCommand?> Post(Item item, CancellationToken cancel)
    {
        var (hostId, answer) = (item.Pending.HostId, item.Answer);
        var outbox = _outboxes.GetOrAdd(hostId, static (_, own) => own.NewOutbox(), this);
        if (outbox.Add(item))
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
                metrics.Answered("answered");
                var refused = receipt.Refused.ToLookup(r => r.Id, StringComparer.Ordinal);
                foreach (var item in batch)
                    item.Answer.TrySetResult(refused[item.Command.Id].FirstOrDefault(refusal => IsOf(refusal, item.Command)));
            }
            catch (Exception e)
            {
                // A refusal tells that nothing was taken in; anything else, that nobody knows.
                var failure = e is HostUnreachableException or ProblemException ? e : new HostUnreachableException(hostId, e.Message, e);
                metrics.Answered(failure is ProblemException ? "refused" : "unreachable");
                foreach (var item in batch)
                    item.Answer.TrySetException(failure);
            }
        }
    }

    /// <summary>A node that gave a shard away and took it back may send a command under its old epoch and its new one together; refused is only the old one.</summary>
    private static bool IsOf(RefusedCommand refusal, CommandEnvelope command) => refusal.Code != "stale-epoch" || refusal.RecordedEpoch > command.Epoch;

    private Outbox NewOutbox() => new(_perHost, metrics);

    private static Problem Refused(CommandEnvelope command, RefusedCommand refused) =>
        new(502, refused.Code, "The host refused a command.", string.Create(CultureInfo.InvariantCulture, $"Command {command.Name} was refused with {refused.Code}."),
            "Bring the host's agent to the manager's version.");

    private sealed class Pending(Id hostId, int attempt, Action<int>? progress)
    {
        public Id HostId { get; } = hostId;
        public int Attempt { get; } = attempt;
        public Action<int>? Progress { get; } = progress;
        public TaskCompletionSource<CommandResult> Result { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);
    }

    /// <param name="Passes">Goes however many are under way: it ends one of them, or it is what the host must do before anything else.</param>
    private sealed record Item(CommandEnvelope Command, Pending Pending, bool Passes)
    {
        public TaskCompletionSource<RefusedCommand?> Answer { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);
    }

    /// <summary>What a host is still to be sent. No more than <paramref name="limit"/> commands are under way on it; the rest waits here, in order.</summary>
    private sealed class Outbox(int limit, CommandMetrics metrics)
    {
        private const int LargestBatch = 200;
        private const int EndedTogether = 64;
        private readonly Lock _gate = new();
        private readonly List<Id> _ended = [];
        private readonly Queue<Item> _passing = new();
        private readonly Queue<Item> _waiting = new();
        private readonly HashSet<Pending> _underWay = [];
        private bool _pumping;

        /// <returns>True when the caller must start the pump.</returns>
        public bool Add(Item item)
        {
            lock (_gate)
            {
                // What was sent before holds its place already: sending it again is no further command.
                if (item.Passes || _underWay.Contains(item.Pending))
                {
                    _passing.Enqueue(item);
                }
                else
                {
                    _waiting.Enqueue(item);
                    metrics.Waiting(+1);
                }

                return MustPump();
            }
        }

        /// <summary>The command has its result, or was given up: another may go.</summary>
        /// <inheritdoc cref="Add" path="/returns"/>
        public bool Ended(Pending pending)
        {
            lock (_gate)
            {
                if (_underWay.Remove(pending))
                    metrics.UnderWay(-1);
                return MustPump();
            }
        }

        /// <returns>The ids to send, once there are enough.</returns>
        public List<Id>? AddEnded(Id operationId)
        {
            lock (_gate)
            {
                _ended.Add(operationId);
                if (_ended.Count < EndedTogether)
                    return null;
                List<Id> all = [.. _ended];
                _ended.Clear();
                return all;
            }
        }

        public List<Item> Take()
        {
            lock (_gate)
            {
                List<Item> batch = [];
                while (batch.Count < LargestBatch && TryNext(out var next))
                {
                    if (next.Answer.Task.IsCompleted)
                        continue;
                    batch.Add(next);
                    metrics.Sent(next.Command.Name);
                    if (_underWay.Add(next.Pending))
                        metrics.UnderWay(+1);
                }

                _pumping = batch.Count > 0;
                return batch;
            }
        }

        private bool TryNext(out Item next)
        {
            if (_passing.TryDequeue(out next!))
                return true;
            if (_underWay.Count >= limit || !_waiting.TryDequeue(out next!))
                return false;
            metrics.Waiting(-1);
            return true;
        }

        private bool MustPump()
        {
            if (_pumping || _passing.Count == 0 && (_waiting.Count == 0 || _underWay.Count >= limit))
                return false;
            return _pumping = true;
        }
    }
}

/// <summary>Bounds of what hosts are asked to do at once.</summary>
/// <param name="CommandsPerHost">Commands sent to one host and not ended. A host runs four times as many, so several managers may share it.</param>
public sealed record DispatchLimits(int CommandsPerHost = 64);
