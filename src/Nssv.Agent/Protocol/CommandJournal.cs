using System.Text.Json;
using Nssv.Kernel;
using Nssv.Kernel.Agents;
using Nssv.Kernel.Data;

namespace Nssv.Agent.Protocol;

/// <summary>The journal on the kernel's group-committing writer.</summary>
/// <param name="incarnation">The generation of the writer's fence.</param>
public sealed class CommandJournal(IStore store, IWriter writer, long incarnation) : ICommandJournal
{
    public long Incarnation { get; } = incarnation;

    /// <summary>What is stored; the database of a journal is made for these.</summary>
    public static IReadOnlyList<Type> Rows { get; } = [typeof(JournaledCommand), typeof(JournaledOperation)];

    public async Task<(IReadOnlyList<JournaledCommand> Commands, IReadOnlyList<JournaledOperation> Operations)> Load() =>
        (await store.List<JournaledCommand>(), await store.List<JournaledOperation>());

    public Task Commit(IReadOnlyList<JournalChange> changes)
    {
        var unit = new UnitOfWork();
        foreach (var change in changes)
            Write(unit, change);
        return writer.Commit(unit);
    }

    private static void Write(UnitOfWork unit, JournalChange change)
    {
        switch (change)
        {
            case CommandAccepted { Replaces: false } accepted:
                unit.Insert(accepted.Command);
                break;
            case CommandAccepted accepted:
                Replace(unit, accepted.Command);
                break;
            case CommandAdopted adopted:
                Adopt(unit, adopted);
                break;
            case CommandEnded { Result: var result }:
                // What has ended is never run again: its body, which may hold an address with a signature, goes.
                unit.Execute("agent_commands",
                    "UPDATE agent_commands SET state = @p0, result = @p1, body = '' WHERE command_id = @p2 AND attempt = @p3",
                    null, result.Succeeded ? CommandState.Succeeded : CommandState.Failed, JsonSerializer.Serialize(result, KernelJson.Options), result.CommandId, result.Attempt);
                break;
            case ResultAcknowledged acknowledged:
                unit.Execute("agent_commands",
                    "UPDATE agent_commands SET acknowledged = @p0 WHERE command_id = @p1 AND attempt = @p2 AND callback_url = @p3",
                    null, true, acknowledged.CommandId, acknowledged.Attempt, acknowledged.CallbackUrl);
                break;
            case EpochAsked asked:
                RecordEpoch(unit, asked);
                break;
            case OperationOver over:
                RecordEnd(unit, over);
                break;
            case OperationRemoved { OperationId: var operationId }:
                unit.Execute("agent_commands", "DELETE FROM agent_commands WHERE operation_id = @p0", null, operationId);
                unit.Execute("agent_operations", "DELETE FROM agent_operations WHERE operation_id = @p0", null, operationId);
                break;
            default:
                throw new NotSupportedException($"{change.GetType().Name} is not written");
        }
    }

    private static void Replace(UnitOfWork unit, JournaledCommand command) => unit.Execute("agent_commands",
        """
        UPDATE agent_commands SET attempt = @p0, epoch = @p1, deadline_seconds = @p2, name = @p3, body = @p4, callback_url = @p5,
               state = @p6, result = NULL, acknowledged = @p7, accepted_order = @p8, accepted_at = @p9, stall_seconds = @p10
        WHERE command_id = @p11
        """,
        1, command.Attempt, command.Epoch, command.DeadlineSeconds, command.Name, command.Body, command.CallbackUrl,
        CommandState.Accepted, false, command.AcceptedOrder, command.AcceptedAt, command.StallSeconds, command.CommandId);

    private static void Adopt(UnitOfWork unit, CommandAdopted adopted) => unit.Execute("agent_commands",
        """
        UPDATE agent_commands SET epoch = CASE WHEN epoch < @p0 THEN @p0 ELSE epoch END, callback_url = @p1, acknowledged = @p2
        WHERE command_id = @p3 AND attempt = @p4
        """,
        null, adopted.Epoch, adopted.CallbackUrl, false, adopted.CommandId, adopted.Attempt);

    private static void RecordEpoch(UnitOfWork unit, EpochAsked asked) => unit.Execute("agent_operations",
        """
        INSERT INTO agent_operations (operation_id, epoch, asked_at) VALUES (@p0, @p1, @p2)
        ON CONFLICT (operation_id) DO UPDATE SET asked_at = excluded.asked_at, epoch = CASE WHEN agent_operations.epoch < excluded.epoch THEN excluded.epoch ELSE agent_operations.epoch END
        """,
        1, asked.OperationId, asked.Epoch, asked.At);

    /// <summary>Nothing of the operation will begin any more: the bodies of what had not ended go too.</summary>
    private static void RecordEnd(UnitOfWork unit, OperationOver over)
    {
        unit.Execute("agent_operations",
            """
            INSERT INTO agent_operations (operation_id, epoch, ended_at) VALUES (@p0, @p1, @p2)
            ON CONFLICT (operation_id) DO UPDATE SET ended_at = excluded.ended_at
            """,
            1, over.OperationId, over.Epoch, over.At);
        unit.Execute("agent_commands", "UPDATE agent_commands SET body = '' WHERE operation_id = @p0", null, over.OperationId);
    }
}
