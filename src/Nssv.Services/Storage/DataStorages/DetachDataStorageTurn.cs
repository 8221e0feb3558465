using Nssv.Contracts.Inventory;
using Nssv.Contracts.Storage;
using Nssv.Kernel;
using Nssv.Kernel.Calls;
using Nssv.Kernel.Data;
using Nssv.Kernel.Flows;
using Nssv.Services.Storage.HostStorages;

namespace Nssv.Services.Storage.DataStorages;

/// <summary>Context of "data-storage.detach".</summary>
[FlowContext]
internal sealed record DataStorageDetach
{
    public required Id DataStorageId { get; init; }
    public required Id ClusterId { get; init; }

    /// <summary>Copies of images that nothing is built on: they go first.</summary>
    public required IReadOnlyList<Id> CachedLayerIds { get; init; }

    /// <summary>Hosts that must forget the storage.</summary>
    public required IReadOnlyList<HostStorage> Hosts { get; init; }

    /// <summary>The link that goes, and who made it: undo puts back the same.</summary>
    public required Id AttachmentId { get; init; }

    public required Id AccountId { get; init; }
}

internal sealed class DetachDataStorageTurn : AcceptTurn<DetachDataStorageFromCluster, DataStorage>
{
    public override async ValueTask<Decision> Decide(DetachDataStorageFromCluster request, DataStorage storage, AcceptContext turn)
    {
        if (await DataStorageLinks.Find(turn.Store, storage.Id, request.ClusterId) is not { } link)
            return Decision.Done();
        var cluster = await turn.Store.Get<Cluster>(request.ClusterId);
        var hosts = await turn.Store.List<Host>(Condition.Equal(nameof(Host.ClusterId), cluster.Id));
        if (await DataStorageLinks.Use(turn.Store, storage, cluster, cachedToo: false) is { } use)
            throw use.AsException();

        var known = (await turn.Store.List<HostDataStorage>(Condition.Equal(nameof(HostDataStorage.DataStorageId), storage.Id))).ToLookup(row => row.HostId);
        var reached = hosts.Where(host => host.AgentUrl is not null && known.Contains(host.Id) && !host.IsGivenUp()).ToList();
        if (reached.Find(host => !host.IsReachable()) is { } silent)
        {
            throw new Problem(409, "host-not-connected", "A host does not answer.",
                $"Host '{silent.Name}' must forget the storage, but it is {silent.State.ToString().ToLowerInvariant()}.",
                "Bring the host back, or make sure that it is off and confirm that with hosts/{id}:confirmDown.").AsException();
        }

        return Decision.Run("data-storage.detach", new DataStorageDetach
        {
            DataStorageId = storage.Id,
            ClusterId = cluster.Id,
            AttachmentId = link.Id,
            AccountId = link.CreatedBy,
            CachedLayerIds = [.. (await turn.Store.List<VolumeLayer>(
                Condition.Equal(nameof(VolumeLayer.DataStorageId), storage.Id),
                Condition.Equal(nameof(VolumeLayer.Role), LayerRole.ImageBase),
                Condition.In(nameof(VolumeLayer.HostId), hosts.Select(host => host.Id)))).Select(layer => layer.Id)],
            Hosts = [.. reached.Select(host => HostStorage.Of(host, storage))],
        });
    }
}

/// <summary>Removes the images' copies, each by an operation of its own on the layer.</summary>
[Step("storage.drop-cached-layers")]
internal sealed class DropCachedLayers : Step<DataStorageDetach>
{
    public override async Task Run(DataStorageDetach detach, StepContext<DataStorageDetach> step)
    {
        // The list is that of the accept turn, so that a repeat after a crash finds the same children by the same numbers.
        foreach (var layer in detach.CachedLayerIds)
        {
            try
            {
                await step.Start(new DropCachedLayer(layer));
            }
            catch (ProblemException e) when (e.Problem.Status == 404)
            {
                // Gone with its image in the meantime.
            }
        }
    }

    public override Task Undo(DataStorageDetach detach, StepContext<DataStorageDetach> step) =>
        NothingToUndo("a copy is made again when a machine needs it");
}

/// <summary>Takes link and rows away: from here on nothing new is placed there.</summary>
[Step("storage.unlink-cluster")]
internal sealed class UnlinkCluster : Step<DataStorageDetach>
{
    public override Task Run(DataStorageDetach detach, StepContext<DataStorageDetach> step) =>
        step.Call(new UnlinkDataStorage(detach.DataStorageId, detach.ClusterId));

    /// <summary>Runs after the hosts were given the storage back, so they have it.</summary>
    public override Task Undo(DataStorageDetach detach, StepContext<DataStorageDetach> step) =>
        step.Call(new LinkDataStorage(detach.DataStorageId, detach.ClusterId, detach.AttachmentId, detach.AccountId) { ConnectedHosts = [.. detach.Hosts.Select(host => host.HostId)] });
}
