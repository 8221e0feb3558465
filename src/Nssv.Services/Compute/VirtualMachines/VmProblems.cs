using Nssv.Contracts.Compute;
using Nssv.Contracts.Inventory;
using Nssv.Kernel;
using Nssv.Kernel.Data;
using Nssv.Services.Compute.Placement;

namespace Nssv.Services.Compute.VirtualMachines;

internal static class VmProblems
{
    /// <summary>A step tries again when a host is about to fit, and turns back at once when none is.</summary>
    public static Problem NoHostFits(PlacementPlan plan) => plan.FitsSoon
        ? new(503, "hosts-reconciling", "The hosts that could take the machine are not ready yet.", plan.Explain(), "Repeat the request in a minute.")
        : new(409, "no-host-fits", "No host can take the machine now.", plan.Explain(), "Stop other machines, ask for less, or add a host.");

    /// <summary>The same of a machine that may be pinned, which is then the reason.</summary>
    /// <param name="demand">What no host could meet.</param>
    public static async ValueTask<Problem> NoHostFits(PlacementPlan plan, Demand demand, VirtualMachine vm, IStore store)
    {
        var problem = NoHostFits(plan);
        if (plan.FitsSoon || demand.PinnedHostId is not { } pinned)
            return problem;
        var reason = plan.Verdicts.FirstOrDefault(verdict => verdict.HostId == pinned) is { } verdict ? $"{verdict.HostName}, to which it is pinned: {verdict.Reason}"
            : await store.Find<Host>(pinned) is { } host ? $"{host.Name}, to which it is pinned, is in another cluster" : $"host {pinned}, to which it is pinned, is not there any more";
        return problem with
        {
            Code = "pinned-host-cannot",
            Title = "The host that the machine is pinned to cannot take it.",
            Detail = $"'{vm.Name}' has the tag {ComputeTags.PinnedToHost.Name}; {reason}.",
            Advice = $"Bring the host back, or take the tag away: nssv vm tag unset {vm.Id} {ComputeTags.PinnedToHost.Name}.",
        };
    }

    public static Problem Busy(VirtualMachine vm) =>
        new(409, "vm-wrong-state", "The virtual machine's state does not allow this.", $"'{vm.Name}' is {vm.State.ToString().ToLowerInvariant()}.", "Wait for the operation that works on it.");
}
