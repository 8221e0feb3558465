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

    /// <summary>So many with the most room are asked first whether they reach the storages; the others only if none of these does.</summary>
    private const int Roomiest = 16;

    /// <summary>
    /// The best hosts for the demand, chosen by the database, so that placing costs about the same whatever the number of hosts; all hosts of the cluster when
    /// none will do, so that each can be told why.
    /// </summary>
    public static async ValueTask<IReadOnlyList<HostSnapshot>> Of(IStore store, Id clusterId, Demand demand)
    {
        var best = await Best(store, clusterId, demand, Roomiest);
        if (best.Count == 0)
            best = await Best(store, clusterId, demand, int.MaxValue);
        var hosts = best.Count > 0
            ? await store.List<Host>(Condition.In(nameof(Host.Id), best))
            : await store.List<Host>(Condition.Equal(nameof(Host.ClusterId), clusterId));
        var storages = await store.List<HostDataStorage>(Condition.In(nameof(HostDataStorage.HostId), hosts.Select(h => h.Id).ToList()));
        var byHost = storages.Where(s => s.State == HostStorageState.Connected).ToLookup(s => s.HostId);
        return [.. hosts.Select(h => new HostSnapshot(h, byHost[h.Id].ToDictionary(s => s.DataStorageId, s => s.AvailableBytes)))];
    }

    /// <summary>The same conditions and order as <see cref="Placer"/>, which has the last word: in that order, so whoever is found among the roomiest is the best of all.</summary>
    private static async ValueTask<IReadOnlyList<Id>> Best(IStore store, Id clusterId, Demand demand, int roomiest)
    {
        var sql = new StringBuilder("SELECT h.id FROM (SELECT id, memory_bytes - reserved_memory_bytes - booked_memory_bytes AS memory, cpu_count * cpu_overcommit_ratio - booked_cpu_count AS cpus FROM hosts")
            .Append(" WHERE cluster_id = @p0 AND state = 'connected' AND fence_state = 'none' AND cpu_count >= @p1 AND cpu_count * cpu_overcommit_ratio - booked_cpu_count >= @p1")
            .Append(" AND memory_bytes - reserved_memory_bytes - booked_memory_bytes >= @p2");
        List<object?> values = [clusterId, demand.CpuCount, demand.MemoryBytes];
        foreach (var only in new[] { demand.OnlyHostId, demand.PinnedHostId }.OfType<Id>().Distinct())
        {
            values.Add(only);
            sql.Append(CultureInfo.InvariantCulture, $" AND id = @p{values.Count - 1}");
        }

        if (demand.Refused is { Count: > 0 } refused)
        {
            sql.Append(" AND id NOT IN (").AppendJoin(", ", refused.Select((_, i) => string.Create(CultureInfo.InvariantCulture, $"@p{values.Count + i}"))).Append(')');
            values.AddRange(refused.Select(host => (object?)host.HostId));
        }

        sql.Append(CultureInfo.InvariantCulture, $" ORDER BY memory DESC, cpus DESC, id LIMIT {roomiest}) AS h");
        for (var i = 0; i < demand.DataStorageIds.Count; i++)
        {
            values.AddRange([demand.DataStorageIds[i], demand.DiskBytes]);
            sql.Append(CultureInfo.InvariantCulture, $" JOIN host_data_storages s{i} ON s{i}.host_id = h.id AND s{i}.data_storage_id = @p{values.Count - 2} AND s{i}.state = 'connected' AND s{i}.available_bytes >= @p{values.Count - 1}");
        }

        sql.Append(CultureInfo.InvariantCulture, $" ORDER BY h.memory DESC, h.cpus DESC, h.id LIMIT {Shortlist}");
        return await store.Select(sql.ToString(), values, row => Id.Parse(row.GetString(0)));
    }
}
