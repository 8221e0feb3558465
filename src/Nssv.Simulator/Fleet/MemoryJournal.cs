using System.Text.Json;
using Nssv.Agent.Protocol;
using Nssv.Kernel;
using Nssv.Kernel.Agents;
using Nssv.Kernel.Data;

namespace Nssv.Simulator.Fleet;

/// <summary>
/// The journal of one simulated host, in memory: it outlives the host's agent, not this process. Everything is durable at once; what an agent that was
/// killed still writes is refused, as by the fence of a real one.
/// </summary>
internal sealed class MemoryJournal
{
    private readonly Lock _gate = new();
    private readonly Dictionary<Id, OperationRows> _operations = [];
    private long _starts;

    /// <summary>A start of the agent: its journal has the next incarnation, and the one before can write no more.</summary>
    public ICommandJournal Attach()
    {
        lock (_gate)
            return new Attached(this, ++_starts);
    }

    /// <summary>Forgets everything but how often the agent has started.</summary>
    public void Lose()
    {
        lock (_gate)
            _operations.Clear();
    }

    /// <summary>What the next process needs: operations that have not ended, and how often the agent has started.</summary>
    public JournalRemains Remains()
    {
        lock (_gate)
        {
            var open = _operations.Values.Where(rows => rows.Operation?.EndedAt is null).ToList();
            return new(_starts, [.. open.SelectMany(rows => rows.Commands.Select(command => command.AsRow()))], [.. open.Select(rows => rows.Operation).OfType<JournaledOperation>()]);
        }
    }

    public void Restore(JournalRemains remains)
    {
        lock (_gate)
        {
            _starts = remains.Starts;
            foreach (var operation in remains.Operations)
                Rows(operation.OperationId).Operation = operation;
            foreach (var command in remains.Commands)
                Rows(command.OperationId).Commands.Add(new(command));
        }
    }

    private void Apply(JournalChange change)
    {
        switch (change)
        {
            case CommandAccepted { Command: var command }:
                var rows = Rows(command.OperationId).Commands;
                rows.RemoveAll(row => row.Row.CommandId == command.CommandId);
                rows.Add(new(command));
                break;
            case CommandAdopted adopted:
                if (Find(adopted.CommandId, adopted.Attempt) is { } again)
                    again.Row = again.Row with { Epoch = Math.Max(again.Row.Epoch, adopted.Epoch), CallbackUrl = adopted.CallbackUrl, Acknowledged = false };
                break;
            case CommandEnded { Result: var result }:
                if (Find(result.CommandId, result.Attempt) is { } ended)
                    (ended.Row, ended.Result) = (ended.Row with { State = result.Succeeded ? CommandState.Succeeded : CommandState.Failed, Body = "" }, result);
                break;
            case ResultAcknowledged acknowledged:
                if (Find(acknowledged.CommandId, acknowledged.Attempt) is { } told && told.Row.CallbackUrl == acknowledged.CallbackUrl)
                    told.Row = told.Row with { Acknowledged = true };
                break;
            case EpochAsked asked:
                var before = Rows(asked.OperationId);
                before.Operation = (before.Operation ?? new() { OperationId = asked.OperationId, Epoch = 0 }) with { Epoch = Math.Max(before.Operation?.Epoch ?? 0, asked.Epoch), AskedAt = asked.At };
                break;
            case OperationOver over:
                var operation = Rows(over.OperationId);
                operation.Operation = (operation.Operation ?? new() { OperationId = over.OperationId, Epoch = over.Epoch }) with { EndedAt = over.At };
                break;
            case OperationRemoved { OperationId: var removed }:
                _operations.Remove(removed);
                break;
            default:
                throw new NotSupportedException($"{change.GetType().Name} is not kept");
        }
    }

    private OperationRows Rows(Id operationId)
    {
        if (!_operations.TryGetValue(operationId, out var rows))
            _operations.Add(operationId, rows = new());
        return rows;
    }

    /// <summary>A command's id begins with its operation's.</summary>
    private CommandRow? Find(string commandId, int attempt) =>
        _operations.TryGetValue(Id.Parse(commandId.AsSpan(0, 36), null), out var rows) ? rows.Commands.Find(row => row.Row.CommandId == commandId && row.Row.Attempt == attempt) : null;

    private sealed class OperationRows
    {
        public JournaledOperation? Operation { get; set; }
        public List<CommandRow> Commands { get; } = [];
    }

    private sealed class CommandRow(JournaledCommand row)
    {
        public JournaledCommand Row { get; set; } = row;
        public CommandResult? Result { get; set; }

        public JournaledCommand AsRow() => Result is null ? Row : Row with { Result = JsonSerializer.Serialize(Result, KernelJson.Options) };
    }

    private sealed class Attached(MemoryJournal journal, long incarnation) : ICommandJournal
    {
        public long Incarnation => incarnation;

        public Task<(IReadOnlyList<JournaledCommand> Commands, IReadOnlyList<JournaledOperation> Operations)> Load()
        {
            lock (journal._gate)
            {
                IReadOnlyList<JournaledCommand> commands = [.. journal._operations.Values.SelectMany(rows => rows.Commands.Select(command => command.AsRow()))];
                IReadOnlyList<JournaledOperation> operations = [.. journal._operations.Values.Select(rows => rows.Operation).OfType<JournaledOperation>()];
                return Task.FromResult((commands, operations));
            }
        }

        public Task Commit(IReadOnlyList<JournalChange> changes)
        {
            lock (journal._gate)
            {
                if (journal._starts != incarnation)
                    return Task.FromException(new FencedException($"start {journal._starts} of the agent owns the journal, not {incarnation}"));
                foreach (var change in changes)
                    journal.Apply(change);
            }
            return Task.CompletedTask;
        }
    }
}

/// <param name="Starts">Of the agent so far.</param>
internal sealed record JournalRemains(long Starts, IReadOnlyList<JournaledCommand> Commands, IReadOnlyList<JournaledOperation> Operations);
