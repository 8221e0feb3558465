namespace Nssv.Client.Operations;

/// <summary>The states of an operation as the API spells them.</summary>
public static class OperationStates
{
    /// <summary>Accepted, waiting for its turn on the resource.</summary>
    public const string Queued = "queued";

    /// <summary>Ended, everything done.</summary>
    public const string Succeeded = "succeeded";

    /// <summary>Ended, everything undone or its undoing stored.</summary>
    public const string Failed = "failed";

    /// <summary>Stopped until a person decides.</summary>
    public const string NeedsAttention = "needsAttention";

    /// <summary>Waits for something outside, such as an upload or a host that is away.</summary>
    public const string Waiting = "waiting";

    /// <summary>It has failed, and what it did is being undone.</summary>
    public const string Undoing = "undoing";

    /// <summary>True for the states in which an operation stays.</summary>
    public static bool IsEnd(string state) => state is Succeeded or Failed or NeedsAttention;
}
