using Nssv.Contracts.Compute;
using Nssv.Kernel;
using Nssv.Services.Compute.Placement;

namespace Nssv.Services.Compute.VirtualMachines;

internal static class VmProblems
{
    /// <summary>A step tries again when a host is about to fit, and turns back at once when none is.</summary>
    public static Problem NoHostFits(PlacementPlan plan) => plan.FitsSoon
        ? new(503, "hosts-reconciling", "The hosts that could take the machine are not ready yet.", plan.Explain(), "Repeat the request in a minute.")
        : new(409, "no-host-fits", "No host can take the machine now.", plan.Explain(), "Stop other machines, ask for less, or add a host.");

    public static Problem Busy(VirtualMachine vm) =>
        new(409, "vm-wrong-state", "The virtual machine's state does not allow this.", $"'{vm.Name}' is {vm.State.ToString().ToLowerInvariant()}.", "Wait for the operation that works on it.");
}
