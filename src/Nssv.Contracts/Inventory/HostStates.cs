namespace Nssv.Contracts.Inventory;

/// <summary>Questions about a host's state.</summary>
public static class HostStates
{
    /// <summary>Its agent answers, or will in a moment: it can be commanded.</summary>
    public static bool IsReachable(this Host host) => host.State is HostState.Connected or HostState.Reconciling;

    /// <summary>Silent, and surely off: fenced, or a person said so. What it should do is done without it.</summary>
    public static bool IsGivenUp(this Host host) => !host.IsReachable() && host.FenceState is (FenceState.Fenced or FenceState.ConfirmedByHuman);
}
