using Nssv.Contracts.Inventory;
using Nssv.Contracts.Storage;
using Nssv.Kernel;
using Nssv.Kernel.Calls;
using Nssv.Kernel.Data;

namespace Nssv.Services.Storage.DataStorages;

/// <summary>Makes the link to a cluster and a row for each of its hosts that has none; what is there stays as it is.</summary>
internal sealed record LinkDataStorage(Id DataStorageId, Id ClusterId, Id AttachmentId, Id AccountId) : Request<bool>
{
    public override Id Target => DataStorageId;

    /// <summary>Hosts that have the storage already.</summary>
    public IReadOnlyList<Id> ConnectedHosts { get; init; } = [];
}

/// <summary>Takes the link and the rows of the cluster's hosts away; refused while they keep something in the storage. Gone already is done.</summary>
internal sealed record UnlinkDataStorage(Id DataStorageId, Id ClusterId) : Request<bool>
{
    public override Id Target => DataStorageId;
}

internal sealed class LinkDataStorageTurn : CallTurn<LinkDataStorage, bool>
{
    public override bool NaturallyKeyed => true;

    public override async ValueTask<Answer<bool>> Decide(LinkDataStorage request, TurnContext turn)
    {
        var storage = await turn.Store.Get<DataStorage>(request.DataStorageId);
        await turn.Store.Get<Cluster>(request.ClusterId);
        var unit = new UnitOfWork();
        if (await DataStorageLinks.Find(turn.Store, storage.Id, request.ClusterId) is null)
        {
            unit.Insert(new DataStorageAttachment
            {
                Id = request.AttachmentId,
                ProjectId = storage.ProjectId,
                CreatedBy = request.AccountId,
                CreatedAt = turn.Now,
                UpdatedAt = turn.Now,
                Version = 1,
                DataStorageId = storage.Id,
                ClusterId = request.ClusterId,
            });
        }

        var known = (await turn.Store.List<HostDataStorage>(Condition.Equal(nameof(HostDataStorage.DataStorageId), storage.Id))).Select(row => row.HostId).ToHashSet();
        foreach (var host in await turn.Store.List<Host>(Condition.Equal(nameof(Host.ClusterId), request.ClusterId)))
        {
            if (!known.Contains(host.Id))
                unit.Insert(DataStorageLinks.Row(host, storage, turn) with { State = request.ConnectedHosts.Contains(host.Id) ? HostStorageState.Connected : HostStorageState.Preparing });
        }

        return Answer(true, unit.Update(storage, storage with { State = StorageState.Attached }));
    }
}

internal sealed class UnlinkDataStorageTurn : CallTurn<UnlinkDataStorage, bool>
{
    private const string StillFree =
        "UPDATE data_storages SET version = version WHERE id = @p0 " +
        "AND NOT EXISTS (SELECT 1 FROM volumes WHERE data_storage_id = @p0 AND host_id IN (SELECT id FROM hosts WHERE cluster_id = @p1)) " +
        "AND NOT EXISTS (SELECT 1 FROM volume_layers WHERE data_storage_id = @p0 AND host_id IN (SELECT id FROM hosts WHERE cluster_id = @p1))";

    public override bool NaturallyKeyed => true;

    public override async ValueTask<Answer<bool>> Decide(UnlinkDataStorage request, TurnContext turn)
    {
        var storage = await turn.Store.Find<DataStorage>(request.DataStorageId);
        if (storage is null || await DataStorageLinks.Find(turn.Store, storage.Id, request.ClusterId) is not { } link)
            return Answer(true);
        var cluster = await turn.Store.Get<Cluster>(request.ClusterId);
        if (await DataStorageLinks.Use(turn.Store, storage, cluster, cachedToo: true) is { } use)
            throw use.AsException();

        // The condition is looked at again when the unit is written: a disk made at this moment makes the turn decide anew.
        var unit = new UnitOfWork().Execute("data_storages", StillFree, 1, storage.Id, cluster.Id);
        var hosts = (await turn.Store.List<Host>(Condition.Equal(nameof(Host.ClusterId), cluster.Id))).Select(host => host.Id).ToHashSet();
        foreach (var row in await turn.Store.List<HostDataStorage>(Condition.Equal(nameof(HostDataStorage.DataStorageId), storage.Id)))
        {
            if (hosts.Contains(row.HostId))
                unit.Delete(row);
        }

        var others = await turn.Store.Count<DataStorageAttachment>(
            Condition.Equal(nameof(DataStorageAttachment.DataStorageId), storage.Id), Condition.NotEqual(nameof(DataStorageAttachment.Id), link.Id));
        return Answer(true, unit.Delete(link).Update(storage, storage with { State = others > 0 ? storage.State : StorageState.Detached }));
    }
}

internal static class DataStorageLinks
{
    private const int Named = 3;

    public static ValueTask<DataStorageAttachment?> Find(IStore store, Id storageId, Id clusterId) =>
        store.First<DataStorageAttachment>(
            Condition.Equal(nameof(DataStorageAttachment.DataStorageId), storageId), Condition.Equal(nameof(DataStorageAttachment.ClusterId), clusterId));

    public static HostDataStorage Row(Host host, DataStorage storage, TurnContext turn) => new()
    {
        Id = turn.Ids.Next(),
        ProjectId = storage.ProjectId,
        CreatedBy = storage.CreatedBy,
        CreatedAt = turn.Now,
        UpdatedAt = turn.Now,
        Version = 1,
        HostId = host.Id,
        DataStorageId = storage.Id,
        State = HostStorageState.Preparing,
    };

    /// <summary>What the cluster's hosts keep in the storage; null when it may be detached.</summary>
    /// <param name="cachedToo">Copies of images that nothing is built on count as well.</param>
    public static async ValueTask<Problem?> Use(IStore store, DataStorage storage, Cluster cluster, bool cachedToo)
    {
        const string Hosts = "SELECT id FROM hosts WHERE cluster_id = @p1";
        var volumes = await store.Select(
            $"SELECT name, id FROM volumes WHERE data_storage_id = @p0 AND host_id IN ({Hosts}) ORDER BY id", [storage.Id, cluster.Id], row => $"'{row.GetString(0)}' ({row.GetString(1)})");
        var unused = cachedToo ? "" : " AND NOT (role = 'imageBase' AND NOT EXISTS (SELECT 1 FROM volume_layers c WHERE c.parent_layer_id = volume_layers.id))";
        var layers = await store.Select(
            $"SELECT count(*) FROM volume_layers WHERE data_storage_id = @p0 AND host_id IN ({Hosts}){unused}", [storage.Id, cluster.Id], row => row.GetInt64(0));
        if (volumes.Count == 0 && layers[0] == 0)
            return null;
        var shown = string.Join(", ", volumes.Take(Named)) + (volumes.Count > Named ? $" and {volumes.Count - Named} more" : "");
        return new Problem(
            409, "in-use", "Something still uses the resource.",
            volumes.Count > 0
                ? $"Hosts of cluster '{cluster.Name}' keep {volumes.Count} volumes in data storage '{storage.Name}': {shown}."
                : $"Hosts of cluster '{cluster.Name}' keep {layers[0]} layers in data storage '{storage.Name}'.",
            "Delete or move these first, then detach the storage.");
    }
}
