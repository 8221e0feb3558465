using Nssv.Contracts.Compute;
using Nssv.Contracts.Inventory;
using Nssv.Kernel;
using Nssv.Kernel.Tags;

namespace Nssv.Services.Compute.Placement;

/// <summary>System tags that placement regards.</summary>
[TagGroup]
public static class ComputeTags
{
    public static ReferenceTag<Host> PinnedToHost { get; } = new("compute.pinnedToHost", "Pinned to a host",
        "The machine runs on this host and no other: it is created there, and started there from its next start on. While the host cannot take it, it is not started.", typeof(VirtualMachine));
}

/// <summary>Where a machine's tag wants it.</summary>
internal static class PinnedHost
{
    /// <summary>Null when it is not pinned.</summary>
    public static Id? Of(VirtualMachine vm) => ComputeTags.PinnedToHost.TryGet(vm, out var host) ? host : null;
}
