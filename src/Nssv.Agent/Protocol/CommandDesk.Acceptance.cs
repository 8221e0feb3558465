using System.Text.Json;
using Nssv.Kernel;
using Nssv.Kernel.Agents;

namespace Nssv.Agent.Protocol;

// What may be taken in, and what a restart finds. Everything here decides under the lock; nothing waits.
public sealed partial class CommandDesk
{
    private void Decide(CommandEnvelope envelope, Acceptance acceptance)
    {
        KnownCommand? known = null;
        var readable = IsNamedForItsOperation(envelope) && envelope is { DeadlineSeconds: > 0, StallSeconds: null or > 0 };
        if (readable && !TryRead(envelope, out known, out readable))
        {
            acceptance.Refuse(envelope, "unknown-command", 0);
            return;
        }
        if (!readable)
        {
            acceptance.Refuse(envelope, "invalid-command", 0);
            return;
        }
        var operation = Operation(envelope.OperationId);
        if (envelope.Epoch < operation.Epoch)
        {
            acceptance.Refuse(envelope, "stale-epoch", operation.Epoch);
            return;
        }
        // From now on, also if this batch should turn out not to be written: refusing too much is safe, refusing too little is not.
        operation.Epoch = envelope.Epoch;

        var current = _commands.GetValueOrDefault(envelope.Id);
        if (current is not null && envelope.Attempt == current.Attempt)
            Repeat(current, envelope, acceptance);
        else if (current is not null && envelope.Attempt < current.Attempt)
            acceptance.Refuse(envelope, "stale-attempt", operation.Epoch);
        else if (operation.EndedAt is not null)
            acceptance.Refuse(envelope, "operation-ended", operation.Epoch);
        else
            Admit(envelope, known!, operation, current, acceptance);
    }

    private bool TryRead(CommandEnvelope envelope, out KnownCommand? known, out bool readable)
    {
        known = null;
        readable = true;
        try
        {
            known = _catalog.Read(envelope.Name, envelope.Body);
            return known is not null;
        }
        catch (JsonException exception)
        {
            _logger.UnreadableCommand(envelope.OperationId, envelope.Id, envelope.Name, exception.Message);
            readable = false;
            return true;
        }
    }

    private static bool IsNamedForItsOperation(CommandEnvelope envelope) =>
        envelope.Id.Length is > 37 and <= 512 && envelope.Id[36] == '/' && envelope.Id.StartsWith(envelope.OperationId.ToString(), StringComparison.Ordinal);

    private void Admit(CommandEnvelope envelope, KnownCommand known, OperationEntry operation, CommandEntry? previous, Acceptance acceptance)
    {
        var entry = new CommandEntry
        {
            Id = envelope.Id,
            Operation = operation,
            Step = envelope.Step,
            Attempt = envelope.Attempt,
            DeadlineSeconds = envelope.DeadlineSeconds,
            StallSeconds = envelope.StallSeconds,
            Name = envelope.Name,
            Command = known.Command,
            Resource = known.Resource,
            Order = ++_order,
            AcceptedAt = _time.GetUtcNow(),
            Epoch = envelope.Epoch,
            CallbackUrl = acceptance.CallbackUrl,
            Predecessor = previous,
        };
        acceptance.Changes.Add(new CommandAccepted(entry.AsAccepted(envelope.Body.GetRawText()), Replaces: previous is not null));
        if (previous is not null)
        {
            previous.Successor = entry;
            operation.Commands.Remove(previous);
        }
        operation.Commands.Add(entry);
        _commands[entry.Id] = entry;
        _lines.Append(entry);
        acceptance.Admit(entry);
    }

    private static void Repeat(CommandEntry entry, CommandEnvelope envelope, Acceptance acceptance)
    {
        if (entry.Name != envelope.Name)
        {
            acceptance.Refuse(envelope, "invalid-command", entry.Operation.Epoch);
            return;
        }
        acceptance.Changes.Add(new CommandAdopted(entry.Id, entry.Attempt, envelope.Epoch, acceptance.CallbackUrl));
        acceptance.Repeat(entry, envelope.Epoch);
    }

    /// <summary>Waits for the commit; what could not be written is taken back.</summary>
    private async Task<bool> Written(Task committed, Acceptance acceptance)
    {
        Exception? failure = null;
        try
        {
            await committed;
        }
        catch (Exception exception)
        {
            failure = exception;
        }
        List<CancellationTokenSource> abandoned = [];
        IReadOnlyList<CommandEntry> ready;
        lock (_gate)
        {
            foreach (var entry in acceptance.Admitted)
            {
                if (failure is null)
                    Admitted(entry, abandoned);
                else
                    TakeBack(entry);
            }
            ready = failure is null ? [] : _lines.TakeReady();
        }
        // Others may have waited behind what is taken back.
        Run(ready);
        foreach (var source in abandoned)
            source.Cancel();
        foreach (var entry in acceptance.Admitted)
            entry.Journaled.TrySetResult(failure is null);
        if (failure is not null)
            throw Translate(failure);
        return true;
    }

    private void Admitted(CommandEntry entry, List<CancellationTokenSource> abandoned)
    {
        entry.Operation.DurableEpoch = Math.Max(entry.Operation.DurableEpoch, entry.Epoch);
        if (entry.Phase == CommandPhase.Journaling)
            entry.Phase = CommandPhase.Waiting;
        if (entry.Predecessor is { } previous)
        {
            if (previous.Phase == CommandPhase.Running)
            {
                abandoned.Add(previous.Abandoned);
            }
            else
            {
                entry.Predecessor = null;
                previous.Phase = CommandPhase.Dropped;
            }
        }
        _lines.Touch(entry);
    }

    private void TakeBack(CommandEntry entry)
    {
        entry.Phase = CommandPhase.Dropped;
        _commands.Remove(entry.Id);
        entry.Operation.Commands.Remove(entry);
        if (entry.Predecessor is { } previous)
        {
            previous.Successor = null;
            _commands[entry.Id] = previous;
            entry.Operation.Commands.Add(previous);
        }
        _lines.Touch(entry);
    }

    private void Adopt(CommandEntry entry, long epoch, string callbackUrl)
    {
        entry.Epoch = Math.Max(entry.Epoch, epoch);
        entry.CallbackUrl = callbackUrl;
        entry.Wishes++;
        entry.Operation.DurableEpoch = Math.Max(entry.Operation.DurableEpoch, epoch);
        if (entry.HasEnded)
        {
            entry.Acknowledged = false;
            _outbox.Add(entry);
        }
        else if (entry.Phase == CommandPhase.Running)
        {
            _progress.TellAnew(entry);
        }
        else if (entry.Phase == CommandPhase.Parked && !entry.IsSuperseded)
        {
            entry.Phase = CommandPhase.Waiting;
            _lines.Append(entry);
        }
    }

    private void Restore(IReadOnlyList<JournaledCommand> commands, IReadOnlyList<JournaledOperation> operations)
    {
        foreach (var row in operations)
        {
            var operation = Operation(row.OperationId);
            operation.Epoch = operation.DurableEpoch = row.Epoch;
            operation.EndedAt = row.EndedAt;
            operation.AskedAt = row.AskedAt;
        }
        // First every epoch, then the lines: a command's own operation may have been taken over through another command.
        foreach (var row in commands)
        {
            var operation = Operation(row.OperationId);
            operation.Epoch = operation.DurableEpoch = Math.Max(operation.Epoch, row.Epoch);
        }
        foreach (var row in commands.OrderBy(row => row.AcceptedOrder))
            Restore(row);
    }

    private void Restore(JournaledCommand row)
    {
        var known = row.State == CommandState.Accepted ? Read(row) : null;
        var entry = new CommandEntry
        {
            Id = row.CommandId,
            Operation = Operation(row.OperationId),
            Step = row.Step,
            Attempt = row.Attempt,
            DeadlineSeconds = row.DeadlineSeconds,
            StallSeconds = row.StallSeconds,
            Name = row.Name,
            Command = known?.Command,
            Resource = known?.Resource ?? row.OperationId,
            Order = row.AcceptedOrder,
            AcceptedAt = row.AcceptedAt,
            Epoch = row.Epoch,
            CallbackUrl = row.CallbackUrl,
            Result = row.Result is null ? null : JsonSerializer.Deserialize<CommandResult>(row.Result, KernelJson.Options),
            Acknowledged = row.Acknowledged || Operation(row.OperationId).EndedAt is not null,
            Phase = row.State == CommandState.Accepted ? CommandPhase.Waiting : CommandPhase.Ended,
        };
        entry.Journaled.TrySetResult(true);
        entry.Operation.Commands.Add(entry);
        _commands.Add(entry.Id, entry);
        _order = Math.Max(_order, entry.Order);
        if (!entry.HasEnded)
        {
            _lines.Append(entry);
        }
        else if (!entry.Acknowledged)
        {
            _outbox.Add(entry);
        }
    }

    private KnownCommand Read(JournaledCommand row)
    {
        // The body went with its operation's end: nothing of it is run again.
        if (row.Body.Length == 0)
            return new(new UnreadableCommand(row.Name), row.OperationId);
        try
        {
            using var body = JsonDocument.Parse(row.Body);
            if (_catalog.Read(row.Name, body.RootElement) is { } known)
                return known;
        }
        catch (JsonException exception)
        {
            _logger.UnreadableCommand(row.OperationId, row.CommandId, row.Name, exception.Message);
        }
        return new(new UnreadableCommand(row.Name), row.OperationId);
    }

    /// <summary>The verdicts on one batch.</summary>
    private sealed class Acceptance(string callbackUrl)
    {
        private readonly List<string> _accepted = [];
        private readonly List<RefusedCommand> _refused = [];
        private readonly List<CommandEntry> _admitted = [];
        private readonly List<(CommandEntry Entry, long Epoch)> _repeats = [];

        public string CallbackUrl { get; } = callbackUrl;
        public List<JournalChange> Changes { get; } = [];
        public IReadOnlyList<CommandEntry> Admitted => _admitted;
        public IReadOnlyList<(CommandEntry Entry, long Epoch)> Repeats => _repeats;

        /// <summary>Commands that another batch is writing at this moment: the answer rests on that too.</summary>
        public IEnumerable<CommandEntry> Twins => _repeats.Select(repeat => repeat.Entry);

        public void Refuse(CommandEnvelope envelope, string code, long epoch) => _refused.Add(new(envelope.Id, code, epoch));

        public void Admit(CommandEntry entry)
        {
            _admitted.Add(entry);
            _accepted.Add(entry.Id);
        }

        public void Repeat(CommandEntry entry, long epoch)
        {
            _repeats.Add((entry, epoch));
            _accepted.Add(entry.Id);
        }

        /// <summary>What was overtaken by a newer owner while it was being written is durable, but will not begin: its sender is told so.</summary>
        public CommandReceipt Receipt()
        {
            foreach (var entry in _admitted.Where(entry => entry.IsSuperseded))
            {
                _accepted.Remove(entry.Id);
                _refused.Add(new(entry.Id, "stale-epoch", entry.Operation.Epoch));
            }
            return new(_accepted, _refused);
        }
    }
}

/// <summary>Stands for a command in the journal that this version of the agent cannot read: it ends as a failure that says so.</summary>
internal sealed record UnreadableCommand(string Name) : Command;
