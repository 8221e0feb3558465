using Nssv.Contracts.Compute;
using Nssv.Contracts.Inventory;
using Nssv.Kernel;
using Nssv.Kernel.Data;

namespace Nssv.Services.Compute.Placement;

/// <summary>All rules of placement; without any nothing is read.</summary>
internal sealed class PlacementRules(IEnumerable<IPlacementRule> rules)
{
    private readonly List<IPlacementRule> _rules = [.. rules];

    /// <summary>Hosts of the machine's cluster that must not have it, each once.</summary>
    public async ValueTask<IReadOnlyList<RefusedHost>> Refusals(IStore store, Id virtualMachineId, CancellationToken cancelled)
    {
        if (_rules.Count == 0 || await store.Find<VirtualMachine>(virtualMachineId) is not { } vm)
            return [];
        var hosts = await store.List<Host>(Condition.Equal(nameof(Host.ClusterId), vm.ClusterId));
        List<RefusedHost> refused = [];
        foreach (var rule in _rules)
            refused.AddRange(await rule.Refusals(vm, hosts, cancelled));
        return [.. refused.DistinctBy(host => host.HostId)];
    }
}
