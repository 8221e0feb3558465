using Nssv.Contracts.Compute;
using Nssv.Contracts.Inventory;
using Nssv.Kernel;

namespace Nssv.Services.Compute.Placement;

/// <summary>Knows of hosts on which a machine must not run, for reasons that are none of the platform's own. Asked before a machine is placed, outside of any turn.</summary>
public interface IPlacementRule
{
    /// <summary>Answers in seconds, and never throws for a fault of its own: then nothing is refused.</summary>
    ValueTask<IReadOnlyList<RefusedHost>> Refusals(VirtualMachine vm, IReadOnlyList<Host> hosts, CancellationToken cancelled);
}

/// <param name="Because">Stands behind the host's name: "it is not in the vault".</param>
public sealed record RefusedHost(Id HostId, string Because);
