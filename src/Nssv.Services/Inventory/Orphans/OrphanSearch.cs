using Nssv.Contracts.Agent;
using Nssv.Contracts.Compute;
using Nssv.Contracts.Inventory;
using Nssv.Contracts.Storage;
using Nssv.Kernel;
using Nssv.Kernel.Data;

namespace Nssv.Services.Inventory.Orphans;

/// <summary>Compares what a host holds with what is known. What an operation is making has its row before its file, so it is never an orphan.</summary>
internal static class OrphanSearch
{
    /// <summary>Ids in one query; databases bound the number of parameters.</summary>
    private const int Together = 500;

    public static async Task<IReadOnlyList<HostOrphan>> Find(IStore store, HostReport report)
    {
        var orphans = new List<HostOrphan>();
        foreach (var domains in report.Domains.Select(d => d.VirtualMachineId).Distinct().Chunk(Together))
        {
            var known = (await store.List<VirtualMachine>(Condition.In(nameof(VirtualMachine.Id), domains))).ToDictionary(vm => vm.Id);
            orphans.AddRange(domains.Where(id => IsOrphan(known.GetValueOrDefault(id), report.HostId)).Select(id => new HostOrphan(OrphanKind.Domain, id, null)));
        }

        foreach (var layers in report.Layers.Chunk(Together))
        {
            var known = (await store.List<VolumeLayer>(Condition.In(nameof(VolumeLayer.Id), layers.Select(l => l.LayerId).ToList()))).Select(l => l.Id).ToHashSet();
            orphans.AddRange(layers.Where(l => !known.Contains(l.LayerId)).Select(l => new HostOrphan(OrphanKind.Layer, l.LayerId, l.DataStorageId)));
        }

        return [.. orphans.OrderBy(o => o.Kind).ThenBy(o => o.Id)];
    }

    /// <summary>Whether it still is one, just before it goes.</summary>
    public static async Task<bool> Still(IStore store, Id hostId, HostOrphan orphan) => orphan.Kind switch
    {
        OrphanKind.Domain => IsOrphan(await store.Find<VirtualMachine>(orphan.Id), hostId),
        _ => await store.Find<VolumeLayer>(orphan.Id) is null,
    };

    /// <summary>Unknown, or surely at home on another host.</summary>
    private static bool IsOrphan(VirtualMachine? vm, Id hostId) =>
        vm is null || (vm.State is VmState.Running or VmState.Paused or VmState.Stopped or VmState.Recycled && (vm.PlacementHostId ?? vm.HostId) is { } home && home != hostId);
}
