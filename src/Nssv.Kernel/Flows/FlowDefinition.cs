using Nssv.Kernel.Operations;

namespace Nssv.Kernel.Flows;

/// <summary>A flow as its XML says it.</summary>
/// <param name="Target">Singular kebab-case kind of the resource whose claim the operation holds; null for a flow that only others call.</param>
/// <param name="Claims">Aspect of the target: "power", "all" …</param>
/// <param name="PassesQueue">Goes before operations that wait for the claim (forced stop, fencing).</param>
/// <param name="Hash">SHA-256 of the XML, hex; kept in every frozen plan.</param>
public sealed record FlowDefinition(
    string Name,
    Type ContextType,
    string? Target,
    string Claims,
    FlowDirection AfterCrash,
    bool PassesQueue,
    IReadOnlyList<FlowConflict> Conflicts,
    IReadOnlyList<FlowNode> Nodes,
    string Hash)
{
    /// <summary>What becomes of this operation when it meets one that holds or awaits an overlapping claim.</summary>
    public ConflictPolicy PolicyAgainst(string kind) =>
        Conflicts.FirstOrDefault(c => c.With == kind)?.Policy
        ?? Conflicts.FirstOrDefault(c => c.With == "*")?.Policy
        ?? ConflictPolicy.Queue;
}

public sealed record FlowConflict(string With, ConflictPolicy Policy);

public enum ConflictPolicy
{
    /// <summary>Wait for the claim.</summary>
    Queue,
    /// <summary>409, naming the operation in the way.</summary>
    Refuse,
    /// <summary>Cancel the other, then take its claim.</summary>
    Supersede,
}

/// <summary>An element of a flow.</summary>
/// <param name="Since">The level that every live node must have reached before it goes into a new plan; 1: always.</param>
public abstract record FlowNode(string? When, long Since)
{
    /// <param name="Stall">Its commands are given up when they tell of no progress for so long: only for commands that do tell. Null: until the deadline.</param>
    public sealed record Step(string Name, string? When, TimeSpan Deadline, int Retry, FlowDirection? AfterCrash, bool PointOfNoReturn, TimeSpan? Stall, long Since = 1) : FlowNode(When, Since);

    /// <param name="Foreach">Property of the context that lists contexts of the called flow, one run each.</param>
    /// <param name="With">Property of the context that is the context of the called flow.</param>
    public sealed record Call(string Flow, string? When, string? Foreach, string? With, long Since = 1) : FlowNode(When, Since);
}

/// <summary>A plan as it is frozen into an operation when it starts: an upgrade never changes it.</summary>
public sealed record Plan(string FlowHash, IReadOnlyList<PlannedStep> Steps);

/// <param name="Scope">Where in the operation's context the step's own context stands: "" for the root, "disks[1]", "root".</param>
/// <param name="Inserted">It was put into the flow; whoever did so may be there no more.</param>
/// <param name="Optional">Inserted, and not needed.</param>
public sealed record PlannedStep(
    string Name, string Scope, TimeSpan Deadline, int Retry, FlowDirection AfterCrash, bool PointOfNoReturn, TimeSpan? Stall = null, bool Inserted = false, bool Optional = false)
{
    public string FullName => Scope.Length == 0 ? Name : $"{Scope}/{Name}";
}
