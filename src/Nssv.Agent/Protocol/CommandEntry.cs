using Nssv.Kernel;
using Nssv.Kernel.Agents;

namespace Nssv.Agent.Protocol;

/// <summary>What the desk knows of an operation. All members are read and written under the desk's lock.</summary>
internal sealed class OperationEntry(Id id)
{
    public Id Id { get; } = id;

    /// <summary>Highest epoch that was seen: older ones are refused from the moment it is known, even before it is durable.</summary>
    public long Epoch { get; set; }

    /// <summary>The part of it that an answer may rest on.</summary>
    public long DurableEpoch { get; set; }

    /// <summary>When it was asked for last, if ever.</summary>
    public DateTimeOffset? AskedAt { get; set; }

    public DateTimeOffset? EndedAt { get; set; }

    /// <summary>In order of acceptance, the newest attempt of each.</summary>
    public List<CommandEntry> Commands { get; } = [];
}

/// <summary>One attempt of one command. Members that change are read and written under the desk's lock.</summary>
internal sealed class CommandEntry
{
    public required string Id { get; init; }
    public required OperationEntry Operation { get; init; }
    public required int Step { get; init; }
    public required int Attempt { get; init; }
    public required int DeadlineSeconds { get; init; }
    public required int? StallSeconds { get; init; }
    public required string Name { get; init; }

    /// <summary>What to run; null once it has ended, for its size times the retention time is much.</summary>
    public required Command? Command { get; set; }

    /// <summary>What it works on.</summary>
    public required Id Resource { get; init; }

    public required long Order { get; init; }
    public required DateTimeOffset AcceptedAt { get; init; }
    public required long Epoch { get; set; }
    public required string CallbackUrl { get; set; }

    public CommandPhase Phase { get; set; }

    public CommandResult? Result { get; set; }

    /// <summary>How far it is, in percent; 0 until it tells.</summary>
    public int Progress { get; set; }

    /// <summary>A manager has the result; it is not sent again unless it is asked for again.</summary>
    public bool Acknowledged { get; set; }

    /// <summary>How often the result was asked for by a repeat.</summary>
    public int Wishes { get; set; }

    /// <summary>The attempt that takes this one's place, as soon as it is decided.</summary>
    public CommandEntry? Successor { get; set; }

    /// <summary>The attempt whose place this one takes, while that one may still be running.</summary>
    public CommandEntry? Predecessor { get; set; }

    /// <summary>Ends with true when the acceptance is durable, with false when it could not be written.</summary>
    public TaskCompletionSource<bool> Journaled { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

    /// <summary>Gives up this attempt because a newer one has taken its place.</summary>
    public CancellationTokenSource Abandoned { get; } = new();

    /// <summary>A newer owner has asked, or the operation has ended: this must not begin any more.</summary>
    public bool IsSuperseded => Epoch < Operation.Epoch || Operation.EndedAt is not null;

    public bool HasEnded => Phase == CommandPhase.Ended;

    /// <summary>As the journal keeps it when it is taken in.</summary>
    public JournaledCommand AsAccepted(string body) => new()
    {
        CommandId = Id,
        OperationId = Operation.Id,
        Step = Step,
        Attempt = Attempt,
        Epoch = Epoch,
        DeadlineSeconds = DeadlineSeconds,
        Name = Name,
        Body = body,
        CallbackUrl = CallbackUrl,
        State = CommandState.Accepted,
        Acknowledged = false,
        AcceptedOrder = Order,
        AcceptedAt = AcceptedAt,
        StallSeconds = StallSeconds,
    };

    public CommandFate Fate => new(Id, Attempt,
        Phase == CommandPhase.Running || Predecessor is { Phase: CommandPhase.Running } ? CommandState.Running
            : Result is null ? CommandState.Accepted
            : Result.Succeeded ? CommandState.Succeeded : CommandState.Failed,
        Result);
}

internal enum CommandPhase
{
    /// <summary>In its resource's line, not durable yet.</summary>
    Journaling,
    /// <summary>Durable and in its resource's line.</summary>
    Waiting,
    /// <summary>Durable, but it may not begin under the epoch it has; only a repeat with a newer one puts it in line again.</summary>
    Parked,
    Running,
    /// <summary>Its result is durable.</summary>
    Ended,
    /// <summary>Could not be written, or gave way to a newer attempt.</summary>
    Dropped,
}
