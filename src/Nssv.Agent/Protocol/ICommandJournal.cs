using Nssv.Kernel;
using Nssv.Kernel.Agents;

namespace Nssv.Agent.Protocol;

/// <summary>The host's durable memory of commands, results and epochs. An agent's is a database; a simulated host's may be in memory.</summary>
public interface ICommandJournal
{
    /// <summary>Counts the agent's starts; what an earlier start still writes fails.</summary>
    long Incarnation { get; }

    Task<(IReadOnlyList<JournaledCommand> Commands, IReadOnlyList<JournaledOperation> Operations)> Load();

    /// <summary>
    /// Takes the changes over before it returns its task, all or none of them, durable when the task ends: they become so in the order of the calls.
    /// The callers hold the desk's lock for that order.
    /// </summary>
    Task Commit(IReadOnlyList<JournalChange> changes);
}

/// <summary>One change of the journal.</summary>
public abstract record JournalChange;

/// <summary>A command was taken in.</summary>
/// <param name="Replaces">It takes the row of an attempt before.</param>
public sealed record CommandAccepted(JournaledCommand Command, bool Replaces) : JournalChange;

/// <summary>The same command came again, perhaps from a newer owner: its result is due there.</summary>
public sealed record CommandAdopted(string CommandId, int Attempt, long Epoch, string CallbackUrl) : JournalChange;

public sealed record CommandEnded(CommandResult Result) : JournalChange;

/// <summary>A manager has the result that was sent to this URL.</summary>
public sealed record ResultAcknowledged(string CommandId, int Attempt, string CallbackUrl) : JournalChange;

/// <summary>An owner has asked: nothing older may begin.</summary>
public sealed record EpochAsked(Id OperationId, long Epoch, DateTimeOffset At) : JournalChange;

public sealed record OperationOver(Id OperationId, long Epoch, DateTimeOffset At) : JournalChange;

/// <summary>The retention time of an operation and its commands is over.</summary>
public sealed record OperationRemoved(Id OperationId) : JournalChange;
