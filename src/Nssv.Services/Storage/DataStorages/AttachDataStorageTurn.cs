using Nssv.Contracts.Inventory;
using Nssv.Contracts.Storage;
using Nssv.Kernel;
using Nssv.Kernel.Calls;
using Nssv.Kernel.Cascade;
using Nssv.Kernel.Data;
using Nssv.Kernel.Flows;
using Nssv.Services.Storage.HostStorages;

namespace Nssv.Services.Storage.DataStorages;

/// <summary>Context of "data-storage.attach".</summary>
[FlowContext]
internal sealed record DataStorageAttach
{
    public required Id DataStorageId { get; init; }
    public required Id ClusterId { get; init; }

    /// <summary>Id of the link row to make.</summary>
    public required Id AttachmentId { get; init; }

    public required Id AccountId { get; init; }

    /// <summary>The connected hosts of the cluster; the others follow when they connect.</summary>
    public required IReadOnlyList<HostStorage> Hosts { get; init; }
}

internal sealed class AttachDataStorageTurn : AcceptTurn<AttachDataStorageToCluster, DataStorage>
{
    public override async ValueTask<Decision> Decide(AttachDataStorageToCluster request, DataStorage storage, AcceptContext turn)
    {
        var cluster = await turn.Store.Referred<Cluster>(request.ClusterId, "clusterId");
        if (cluster.DataCenterId != storage.DataCenterId)
        {
            throw Problems.Invalid("clusterId", $"Cluster '{cluster.Name}' is in another data center than data storage '{storage.Name}'.",
                "Choose a cluster of the storage's data center.", "other-data-center").AsException();
        }

        if (await DataStorageLinks.Find(turn.Store, storage.Id, cluster.Id) is not null)
            return Decision.Done();
        var hosts = await turn.Store.List<Host>(Condition.Equal(nameof(Host.ClusterId), cluster.Id), Condition.Equal(nameof(Host.State), HostState.Connected));
        return Decision.Run("data-storage.attach", new DataStorageAttach
        {
            DataStorageId = storage.Id,
            ClusterId = cluster.Id,
            AttachmentId = turn.Ids.Next(),
            AccountId = turn.Caller.AccountId,
            Hosts = [.. hosts.Select(host => HostStorage.Of(host, storage))],
        });
    }
}

/// <summary>Makes the link, and a row for each host of the cluster.</summary>
[Step("storage.link-cluster")]
internal sealed class LinkCluster : Step<DataStorageAttach>
{
    public override Task Run(DataStorageAttach attach, StepContext<DataStorageAttach> step) =>
        step.Call(new LinkDataStorage(attach.DataStorageId, attach.ClusterId, attach.AttachmentId, attach.AccountId));

    public override Task Undo(DataStorageAttach attach, StepContext<DataStorageAttach> step) =>
        step.Call(new UnlinkDataStorage(attach.DataStorageId, attach.ClusterId));
}
