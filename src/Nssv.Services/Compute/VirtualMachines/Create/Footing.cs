using Nssv.Contracts.Compute;
using Nssv.Contracts.Inventory;
using Nssv.Kernel;
using Nssv.Kernel.Data;

namespace Nssv.Services.Compute.VirtualMachines;

/// <summary>What a new machine stands on: its image, its cluster and the data storage of its disks.</summary>
/// <param name="ImageBytes">What a guest sees of the image; no root disk is smaller.</param>
internal sealed record Footing(Architecture Architecture, long ImageBytes, Id ImageStorageId, Id ClusterId, Id DataStorageId)
{
    private const string Question = """
        SELECT c.architecture, i.virtual_size_bytes, i.image_storage_id, c.id, a.data_storage_id,
        (SELECT 1 FROM hosts AS h WHERE h.cluster_id = c.id AND h.cpu_count >= @p2 AND h.memory_bytes - h.reserved_memory_bytes >= @p3 LIMIT 1)
        FROM images AS i JOIN clusters AS c ON c.architecture = i.architecture LEFT JOIN data_storage_attachments AS a ON a.cluster_id = c.id
        WHERE i.id = @p0 AND i.state = 'ready' AND i.kind = 'system' AND i.format <> 'iso' AND i.virtual_size_bytes <= @p1
        """;

    /// <summary>
    /// Asked of the database in one statement, so that accepting costs the same whatever the number of hosts. Null when something is missing, may be one or
    /// another, or was asked for in a way that needs a closer look: a cluster or a storage counts as chosen when it is the only one, fitting or not.
    /// </summary>
    public static async ValueTask<Footing?> Find(CreateVirtualMachine request, IStore store)
    {
        if (request.HostId is not null || request.DataStorageId is not null && request.ClusterId is null)
            return null;
        List<object?> values = [request.ImageId, request.RootDisk?.SizeBytes ?? long.MaxValue, request.CpuCount, request.MemoryBytes];
        var question = Question;
        if (request.ClusterId is { } cluster)
        {
            values.Add(cluster);
            question += " AND c.id = @p4";
        }
        if (request.DataStorageId is { } storage)
        {
            values.Add(storage);
            question += " AND a.data_storage_id = @p5";
        }
        var found = await store.Select(question + " LIMIT 2", values, row => row.IsDBNull(4) || row.IsDBNull(5)
            ? null
            : new Footing(Enum.Parse<Architecture>(row.GetString(0), ignoreCase: true), row.GetInt64(1), Id.Parse(row.GetString(2)), Id.Parse(row.GetString(3)), Id.Parse(row.GetString(4))));
        return found is [var only] ? only : null;
    }
}
