using Nssv.Kernel.Calls;

namespace Nssv.Kernel.Cascade;

/// <summary>A wish to delete one resource. Both flags are the kernel's: a new kind's deletion has them by deriving from this.</summary>
public abstract record DeleteRequest : Request
{
    /// <summary>Answer with what would happen, and change nothing.</summary>
    public bool DryRun { get; init; }

    /// <summary>Delete what depends on it as well, each by an operation of its own.</summary>
    public bool Cascade { get; init; }
}

/// <summary>A wish to detach one resource from another; neither of them goes.</summary>
public abstract record DetachRequest : Request
{
    /// <summary>Answer with what would happen, and change nothing.</summary>
    public bool DryRun { get; init; }
}
