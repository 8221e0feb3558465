using Nssv.Contracts.Inventory;
using Nssv.Contracts.Storage;
using Nssv.Kernel;
using Nssv.Kernel.Data;

namespace Nssv.Services.Compute.Placement;

/// <summary>Reads what placement decides on.</summary>
internal static class HostSnapshots
{
    public static async ValueTask<IReadOnlyList<HostSnapshot>> Of(IStore store, Id clusterId)
    {
        var hosts = await store.List<Host>(Condition.Equal(nameof(Host.ClusterId), clusterId));
        var storages = await store.List<HostDataStorage>(Condition.In(nameof(HostDataStorage.HostId), hosts.Select(h => h.Id).ToList()));
        var byHost = storages.Where(s => s.State == HostStorageState.Connected).ToLookup(s => s.HostId);
        return [.. hosts.Select(h => new HostSnapshot(h, byHost[h.Id].ToDictionary(s => s.DataStorageId, s => s.AvailableBytes)))];
    }
}
