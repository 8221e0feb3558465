using System.Text.Json.Nodes;
using Nssv.Kernel.Model;

namespace Nssv.Kernel.Operations;

/// <summary>A durable piece of work on one resource; the console calls it a task. Claims its target while it runs.</summary>
[Resource("operations", ShortName = "operation", Rank = 0)]
public sealed record Operation : Resource
{
    /// <summary>The flow's name, such as "vm.start".</summary>
    [Index] public required string Kind { get; init; }

    [Observed, Index] public required OperationState State { get; init; }

    /// <summary>Singular kebab-case name of the target's kind.</summary>
    public required string TargetType { get; init; }

    [Index] public required Id TargetId { get; init; }

    /// <summary>What of its target it claims: operations whose aspects overlap run one after another.</summary>
    public required string Aspect { get; init; }

    /// <summary>Order of acceptance; operations on one resource start in this order.</summary>
    [Internal, Index] public required long AcceptedSequence { get; init; }

    /// <summary>The operation whose step started this one; unique with step and ordinal.</summary>
    [Index("operation_parent_call", Unique = true)] public Id? ParentId { get; init; }
    [Internal, Index("operation_parent_call", Unique = true)] public string? ParentCall { get; init; }

    /// <summary>The outermost operation; its own id for one that a person asked for.</summary>
    [Index] public required Id RootId { get; init; }

    /// <summary>0 to 100.</summary>
    [Observed] public int Progress { get; init; }

    /// <summary>The flow's typed context as JSON: what the steps learnt. Never a secret.</summary>
    [Internal, Observed] public required string Context { get; init; }

    /// <summary>The expanded plan, frozen when the operation starts.</summary>
    [Internal, Observed] public string? Plan { get; init; }

    /// <summary>Which way the flow runs: forward, or back through Undo.</summary>
    [Internal, Observed] public FlowDirection Direction { get; init; }

    /// <summary>Index in the plan of the step in hand.</summary>
    [Internal, Observed] public int StepIndex { get; init; }

    /// <summary>A person asked to stop it; looked at between steps and handed to the running one.</summary>
    [Observed] public bool CancelRequested { get; init; }

    /// <summary>Failed, and what it made on an unreachable host is still to be removed.</summary>
    [Observed] public bool CleanupPending { get; init; }

    /// <summary>The unreachable host whose return the clean-up waits for.</summary>
    [Observed, Index] public Id? CleanupHostId { get; init; }

    [Observed, JsonColumn] public Problem? Error { get; init; }

    [Observed, JsonColumn] public JsonObject? Result { get; init; }

    [Observed] public DateTimeOffset? StartedAt { get; init; }
    [Observed] public DateTimeOffset? EndedAt { get; init; }

    /// <summary>Who asked, by the name of then; for people and for the audit.</summary>
    public string? CallerName { get; init; }

    /// <summary>Where the request came from, for the audit.</summary>
    [Internal] public string? ClientAddress { get; init; }

    /// <summary>The target's name when this was accepted; null for what has none. For people and for the audit.</summary>
    public string? TargetName { get; init; }
}

public enum OperationState
{
    /// <summary>Accepted; another operation holds the claim.</summary>
    Queued,
    Running,
    /// <summary>Waits for something outside: an upload, a host's return.</summary>
    Waiting,
    /// <summary>Taking back what was done.</summary>
    Undoing,
    Succeeded,
    /// <summary>All undone, unless <see cref="Operation.CleanupPending"/> says otherwise.</summary>
    Failed,
    /// <summary>A person must decide: a step of it is unknown and no newer node comes, or its undo cannot succeed.</summary>
    NeedsAttention,
}

public enum FlowDirection { Forward, Back }

/// <summary>One step of one operation, as the journal has it.</summary>
[Table("operation_steps")]
public sealed record OperationStep
{
    [Key, Reference<Operation>(OnDelete.Part)] public required Id OperationId { get; init; }
    [Key] public required int StepIndex { get; init; }

    /// <summary>The step's name with its scope, such as "disks[1]/storage.create-layer".</summary>
    public required string Name { get; init; }

    /// <summary>The host that it commands; asked first when the step's fate is unknown.</summary>
    public Id? HostId { get; init; }

    public required StepState State { get; init; }
    public required int Attempt { get; init; }
    public DateTimeOffset? StartedAt { get; init; }
    public DateTimeOffset? EndedAt { get; init; }
    [JsonColumn] public Problem? Error { get; init; }
}

/// <summary>The journal's entries for a step: Started is durable before its effect is asked for, Done after it is confirmed.</summary>
public enum StepState { Started, Done, Failed, Undoing, Undone }

/// <summary>A call that was made, with its answer; written with the call's effect.</summary>
[Table("call_results")]
public sealed record CallResult
{
    [Key] public required string Key { get; init; }
    [Index, Reference<Operation>(OnDelete.Part)] public required Id OperationId { get; init; }
    public required string Result { get; init; }
}

/// <summary>An account's own key for a request, kept 24 h.</summary>
[Table("idempotency_keys")]
public sealed record IdempotencyKey
{
    [Key] public required Id AccountId { get; init; }
    [Key] public required string Key { get; init; }
    public required string BodyHash { get; init; }
    public required Id OperationId { get; init; }
    [Index] public required DateTimeOffset CreatedAt { get; init; }
}
