using System.Text.Json;
using Nssv.Kernel;
using Nssv.Kernel.Agents;
using Nssv.Kernel.Data;

namespace Nssv.Agent.Protocol;

/// <summary>
/// The host's durable memory of commands, results and epochs, on the kernel's group-committing writer. Each method that changes something hands its unit
/// over before it returns its task: units become durable in the order of the calls. The callers hold the desk's lock for that order.
/// </summary>
/// <param name="incarnation">Counts the agent's starts: the generation of the writer's fence, so that what an earlier start still writes fails.</param>
public sealed class CommandJournal(IStore store, IWriter writer, long incarnation)
{
    public long Incarnation { get; } = incarnation;

    /// <summary>What is stored; the database of a journal is made for these.</summary>
    public static IReadOnlyList<Type> Rows { get; } = [typeof(JournaledCommand), typeof(JournaledOperation)];

    public async Task<(IReadOnlyList<JournaledCommand> Commands, IReadOnlyList<JournaledOperation> Operations)> Load() =>
        (await store.List<JournaledCommand>(), await store.List<JournaledOperation>());

    internal Task Commit(UnitOfWork unit) => writer.Commit(unit);

    internal static void Accept(UnitOfWork unit, CommandEntry entry) => unit.Insert(new JournaledCommand
    {
        CommandId = entry.Id,
        OperationId = entry.Operation.Id,
        Step = entry.Step,
        Attempt = entry.Attempt,
        Epoch = entry.Epoch,
        DeadlineSeconds = entry.DeadlineSeconds,
        Name = entry.Name,
        Body = entry.Body,
        CallbackUrl = entry.CallbackUrl,
        State = CommandState.Accepted,
        Acknowledged = false,
        AcceptedOrder = entry.Order,
        AcceptedAt = entry.AcceptedAt,
    });

    /// <summary>A newer attempt takes the row of the one before.</summary>
    internal static void Replace(UnitOfWork unit, CommandEntry entry) => unit.Execute("agent_commands",
        """
        UPDATE agent_commands SET attempt = @p0, epoch = @p1, deadline_seconds = @p2, name = @p3, body = @p4, callback_url = @p5,
               state = @p6, result = NULL, acknowledged = @p7, accepted_order = @p8, accepted_at = @p9
        WHERE command_id = @p10
        """,
        1, entry.Attempt, entry.Epoch, entry.DeadlineSeconds, entry.Name, entry.Body, entry.CallbackUrl,
        CommandState.Accepted, false, entry.Order, entry.AcceptedAt, entry.Id);

    /// <summary>The same command came again, perhaps from a newer owner: its result is due there.</summary>
    internal static void Adopt(UnitOfWork unit, CommandEntry entry, long epoch, string callbackUrl) => unit.Execute("agent_commands",
        """
        UPDATE agent_commands SET epoch = CASE WHEN epoch < @p0 THEN @p0 ELSE epoch END, callback_url = @p1, acknowledged = @p2
        WHERE command_id = @p3 AND attempt = @p4
        """,
        null, epoch, callbackUrl, false, entry.Id, entry.Attempt);

    /// <summary>What has ended is never run again: its body, which may hold an address with a signature, goes.</summary>
    internal static void Record(UnitOfWork unit, CommandResult result) => unit.Execute("agent_commands",
        "UPDATE agent_commands SET state = @p0, result = @p1, body = '' WHERE command_id = @p2 AND attempt = @p3",
        null, result.Succeeded ? CommandState.Succeeded : CommandState.Failed, JsonSerializer.Serialize(result, KernelJson.Options), result.CommandId, result.Attempt);

    internal static void Acknowledge(UnitOfWork unit, CommandEntry entry) => unit.Execute("agent_commands",
        "UPDATE agent_commands SET acknowledged = @p0 WHERE command_id = @p1 AND attempt = @p2 AND callback_url = @p3",
        null, true, entry.Id, entry.Attempt, entry.CallbackUrl);

    internal static void RecordEpoch(UnitOfWork unit, Id operationId, long epoch, DateTimeOffset askedAt) => unit.Execute("agent_operations",
        """
        INSERT INTO agent_operations (operation_id, epoch, asked_at) VALUES (@p0, @p1, @p2)
        ON CONFLICT (operation_id) DO UPDATE SET asked_at = excluded.asked_at, epoch = CASE WHEN agent_operations.epoch < excluded.epoch THEN excluded.epoch ELSE agent_operations.epoch END
        """,
        1, operationId, epoch, askedAt);

    /// <summary>Nothing of the operation will begin any more: the bodies of what had not ended go too.</summary>
    internal static void RecordEnd(UnitOfWork unit, Id operationId, long epoch, DateTimeOffset endedAt)
    {
        unit.Execute("agent_operations",
            """
            INSERT INTO agent_operations (operation_id, epoch, ended_at) VALUES (@p0, @p1, @p2)
            ON CONFLICT (operation_id) DO UPDATE SET ended_at = excluded.ended_at
            """,
            1, operationId, epoch, endedAt);
        unit.Execute("agent_commands", "UPDATE agent_commands SET body = '' WHERE operation_id = @p0", null, operationId);
    }

    internal static void Remove(UnitOfWork unit, Id operationId)
    {
        unit.Execute("agent_commands", "DELETE FROM agent_commands WHERE operation_id = @p0", null, operationId);
        unit.Execute("agent_operations", "DELETE FROM agent_operations WHERE operation_id = @p0", null, operationId);
    }
}
