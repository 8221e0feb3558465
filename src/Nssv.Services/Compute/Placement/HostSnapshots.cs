using System.Globalization;
using System.Text;
using Nssv.Contracts.Inventory;
using Nssv.Contracts.Storage;
using Nssv.Kernel;
using Nssv.Kernel.Data;

namespace Nssv.Services.Compute.Placement;

/// <summary>Reads what placement decides on.</summary>
internal static class HostSnapshots
{
    /// <summary>So many of the best are looked at closely: the first one is taken unless something about it has just changed.</summary>
    private const int Shortlist = 4;

    /// <summary>
    /// The best hosts for the demand, chosen by the database, so that placing costs about the same whatever the number of hosts; all hosts of the cluster when
    /// none will do, so that each can be told why.
    /// </summary>
    public static async ValueTask<IReadOnlyList<HostSnapshot>> Of(IStore store, Id clusterId, Demand demand)
    {
        var best = await Best(store, clusterId, demand);
        var hosts = best.Count > 0
            ? await store.List<Host>(Condition.In(nameof(Host.Id), best))
            : await store.List<Host>(Condition.Equal(nameof(Host.ClusterId), clusterId));
        var storages = await store.List<HostDataStorage>(Condition.In(nameof(HostDataStorage.HostId), hosts.Select(h => h.Id).ToList()));
        var byHost = storages.Where(s => s.State == HostStorageState.Connected).ToLookup(s => s.HostId);
        return [.. hosts.Select(h => new HostSnapshot(h, byHost[h.Id].ToDictionary(s => s.DataStorageId, s => s.AvailableBytes)))];
    }

    /// <summary>The same conditions and order as <see cref="Placer"/>, which has the last word.</summary>
    private static async ValueTask<IReadOnlyList<Id>> Best(IStore store, Id clusterId, Demand demand)
    {
        var sql = new StringBuilder("SELECT h.id FROM hosts h");
        List<object?> values = [clusterId, demand.CpuCount, demand.MemoryBytes];
        for (var i = 0; i < demand.DataStorageIds.Count; i++)
        {
            values.AddRange([demand.DataStorageIds[i], demand.DiskBytes]);
            sql.Append(CultureInfo.InvariantCulture, $" JOIN host_data_storages s{i} ON s{i}.host_id = h.id AND s{i}.data_storage_id = @p{values.Count - 2} AND s{i}.state = 'connected' AND s{i}.available_bytes >= @p{values.Count - 1}");
        }

        sql.Append(" WHERE h.cluster_id = @p0 AND h.state = 'connected' AND h.fence_state = 'none' AND h.cpu_count >= @p1 AND h.cpu_count * h.cpu_overcommit_ratio - h.booked_cpu_count >= @p1")
            .Append(" AND h.memory_bytes - h.reserved_memory_bytes - h.booked_memory_bytes >= @p2");
        foreach (var only in new[] { demand.OnlyHostId, demand.PinnedHostId }.OfType<Id>().Distinct())
        {
            values.Add(only);
            sql.Append(CultureInfo.InvariantCulture, $" AND h.id = @p{values.Count - 1}");
        }

        if (demand.Refused is { Count: > 0 } refused)
        {
            sql.Append(" AND h.id NOT IN (").AppendJoin(", ", refused.Select((_, i) => string.Create(CultureInfo.InvariantCulture, $"@p{values.Count + i}"))).Append(')');
            values.AddRange(refused.Select(host => (object?)host.HostId));
        }

        sql.Append(CultureInfo.InvariantCulture, $" ORDER BY h.memory_bytes - h.reserved_memory_bytes - h.booked_memory_bytes DESC, h.cpu_count * h.cpu_overcommit_ratio - h.booked_cpu_count DESC, h.id LIMIT {Shortlist}");
        return await store.Select(sql.ToString(), values, row => Id.Parse(row.GetString(0)));
    }
}
