using Nssv.Kernel;
using Nssv.Kernel.Agents;
using Nssv.Kernel.Model;

namespace Nssv.Agent.Protocol;

/// <summary>One command as the host took it in, and its end. There is one row a command: a new attempt takes the place of the one before.</summary>
[Table("agent_commands")]
public sealed record JournaledCommand
{
    [Key] public required string CommandId { get; init; }

    [Index] public required Id OperationId { get; init; }

    public required int Step { get; init; }
    public required int Attempt { get; init; }

    /// <summary>Of the owner who sent it last.</summary>
    public required long Epoch { get; init; }

    public required int DeadlineSeconds { get; init; }
    public required string Name { get; init; }

    /// <summary>The command's JSON as it came; empty once it has ended or will never begin.</summary>
    public required string Body { get; init; }

    /// <summary>Where the result goes: that of the owner who sent it last.</summary>
    public required string CallbackUrl { get; init; }

    /// <summary>Accepted until it has ended: whether it had begun is not written, for it may be run again in any case.</summary>
    public required CommandState State { get; init; }

    /// <summary>The recorded <see cref="CommandResult"/> as JSON.</summary>
    public string? Result { get; init; }

    /// <summary>A manager has the result durably.</summary>
    public required bool Acknowledged { get; init; }

    /// <summary>Order of acceptance on this host.</summary>
    public required long AcceptedOrder { get; init; }

    public required DateTimeOffset AcceptedAt { get; init; }

    /// <summary>Null: it may be silent until its deadline.</summary>
    public int? StallSeconds { get; init; }
}

/// <summary>
/// What is recorded of an operation itself. Its epoch is the highest of this row's and its commands': only an <see cref="Ask"/> writes one here,
/// so that a command costs no second row.
/// </summary>
[Table("agent_operations")]
public sealed record JournaledOperation
{
    [Key] public required Id OperationId { get; init; }
    public required long Epoch { get; init; }
    public DateTimeOffset? AskedAt { get; init; }

    /// <summary>When the manager said that the operation has ended; everything of it is removed after the retention time.</summary>
    public DateTimeOffset? EndedAt { get; init; }
}
