using Nssv.Contracts.Compute;
using Nssv.Kernel;
using Nssv.Services.Compute.Placement;

namespace Nssv.Services.Compute.VirtualMachines;

internal static class VmProblems
{
    public static Problem NoHostFits(PlacementPlan plan) =>
        new(409, "no-host-fits", "No host can take the machine now.", plan.Explain(), "Stop other machines, ask for less, or add a host.");

    public static Problem Busy(VirtualMachine vm) =>
        new(409, "vm-wrong-state", "The virtual machine's state does not allow this.", $"'{vm.Name}' is {vm.State.ToString().ToLowerInvariant()}.", "Wait for the operation that works on it.");
}
