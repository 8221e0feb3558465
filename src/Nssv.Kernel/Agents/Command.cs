using System.Text.Json;

namespace Nssv.Kernel.Agents;

/// <summary>Something a host is asked to do. A record of ids and figures; repeated, it changes nothing more.</summary>
public abstract record Command;

/// <summary>A command that answers with <typeparamref name="TResult"/>.</summary>
public abstract record Command<TResult> : Command;

/// <summary>The answer of a command that has nothing to tell.</summary>
public sealed record Done;

/// <summary>Names a command on the wire; the names are for ever.</summary>
[AttributeUsage(AttributeTargets.Class)]
public sealed class CommandAttribute(string name) : Attribute
{
    public string Name { get; } = name;

    /// <summary>Property path of what the command works on, when it is not its first id: commands on one resource run one after another on the host.</summary>
    public string? Resource { get; init; }

    /// <summary>Runs at once, beside whatever is at work on the same resource.</summary>
    public bool PassesQueue { get; init; }
}

/// <summary>A command on its way. <paramref name="Epoch"/> is that of the operation's owner: the host refuses what is older than it has recorded.</summary>
/// <param name="Id">"{operationId}/{step}/{n}": the same for every repeat of the same wish.</param>
/// <param name="Attempt">Counts the step's retries: a new attempt runs again, the same one gets the recorded result.</param>
public sealed record CommandEnvelope(string Id, Id OperationId, int Step, int Attempt, long Epoch, int DeadlineSeconds, string Name, JsonElement Body)
{
    /// <summary>The host gives it up when it tells of no progress for so long; null: it may be silent until its deadline.</summary>
    [System.Text.Json.Serialization.JsonIgnore(Condition = System.Text.Json.Serialization.JsonIgnoreCondition.WhenWritingNull)] public int? StallSeconds { get; init; }

    /// <summary>Of its declaration; the host knows it by the name.</summary>
    [System.Text.Json.Serialization.JsonIgnore] public bool PassesQueue { get; init; }
}

/// <summary>1 to N commands for one host.</summary>
public sealed record CommandBatch(IReadOnlyList<CommandEnvelope> Commands);

/// <summary>Commands taken in (durably), and those refused.</summary>
public sealed record CommandReceipt(IReadOnlyList<string> Accepted, IReadOnlyList<RefusedCommand> Refused);

/// <summary>
/// Refused because the operation has a newer owner ("stale-epoch", with its epoch), a newer attempt came before ("stale-attempt"), the operation was
/// forgotten ("operation-ended"), the name is unknown ("unknown-command") or the body cannot be read ("invalid-command").
/// </summary>
public sealed record RefusedCommand(string Id, string Code, long RecordedEpoch);

/// <summary>A command's end as the host recorded it.</summary>
public sealed record CommandResult(string CommandId, Id OperationId, int Attempt, bool Succeeded, JsonElement? Result, Problem? Problem);

public sealed record ResultBatch(Id HostId, long AgentIncarnation, IReadOnlyList<CommandResult> Results)
{
    /// <summary>How far commands are that have not ended: to be shown, never to be relied on. A manager that does not know the field finds a batch without results.</summary>
    [System.Text.Json.Serialization.JsonIgnore(Condition = System.Text.Json.Serialization.JsonIgnoreCondition.WhenWritingNull)] public IReadOnlyList<CommandProgress>? Progress { get; init; }
}

/// <param name="Percent">0 to 100, of this command.</param>
public sealed record CommandProgress(string CommandId, int Attempt, int Percent);

/// <summary>Ids of the results that need not be sent again.</summary>
public sealed record ResultReceipt(IReadOnlyList<string> Acknowledged);

/// <summary>"What became of operation X?", asked with the new owner's epoch, which the host records durably before it answers, also for operations it never saw.</summary>
public sealed record Ask(Id OperationId, long Epoch);

public sealed record AskReply(long RecordedEpoch, IReadOnlyList<CommandFate> Commands);

/// <param name="State">accepted, running, succeeded or failed.</param>
public sealed record CommandFate(string CommandId, int Attempt, CommandState State, CommandResult? Result);

public enum CommandState { Accepted, Running, Succeeded, Failed }

/// <summary>Operations that ended: their commands and epochs may be forgotten after the retention time.</summary>
public sealed record Forget(IReadOnlyList<Id> OperationIds);
