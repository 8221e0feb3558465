using System.Text.Json;
using Nssv.Kernel;
using Nssv.Kernel.Agents;

namespace Nssv.Agent.Protocol;

// What a restart finds.
public sealed partial class CommandDesk
{
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
        var entry = new CommandEntry
        {
            Id = row.CommandId,
            Operation = Operation(row.OperationId),
            Step = row.Step,
            Attempt = row.Attempt,
            DeadlineSeconds = row.DeadlineSeconds,
            Name = row.Name,
            Body = row.Body,
            Known = Read(row) ?? new(new UnreadableCommand(row.Name), row.OperationId),
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

    private KnownCommand? Read(JournaledCommand row)
    {
        if (row.Body.Length == 0)
            return null;
        try
        {
            using var body = JsonDocument.Parse(row.Body);
            return _catalog.Read(row.Name, body.RootElement);
        }
        catch (JsonException exception)
        {
            _logger.UnreadableCommand(row.OperationId, row.CommandId, row.Name, exception.Message);
            return null;
        }
    }
}

/// <summary>Stands for a command in the journal that this version of the agent cannot read: it ends as a failure that says so.</summary>
internal sealed record UnreadableCommand(string Name) : Command;
