using Nssv.Contracts;
using Nssv.Contracts.Inventory;
using Nssv.Contracts.Storage;
using Nssv.Kernel;
using Nssv.Kernel.Calls;
using Nssv.Kernel.Data;
using Nssv.Kernel.Flows;

namespace Nssv.Services.Storage.Volumes;

/// <summary>Accepts a new, empty data volume.</summary>
internal sealed class CreateVolumeTurn : CreateTurn<CreateVolume>
{
    public override Type ResourceType => typeof(Volume);

    public override async ValueTask<Decision> Decide(CreateVolume request, AcceptContext turn)
    {
        var storage = await Storage(request, turn.Store);
        var hostId = await Host(request, storage, turn.Store);
        var layerId = turn.Ids.Next();
        var volume = new Volume
        {
            Id = request.Id,
            ProjectId = turn.Caller.ProjectId,
            CreatedBy = turn.Caller.AccountId,
            CreatedAt = turn.Now,
            UpdatedAt = turn.Now,
            Version = 1,
            Name = request.Name,
            Description = request.Description,
            Labels = request.Labels ?? Rules.NoLabels,
            Tags = request.Tags ?? Rules.NoLabels,
            DataStorageId = storage.Id,
            Role = VolumeRole.Data,
            SizeBytes = request.SizeBytes,
            Format = VolumeFormat.Qcow2,
            Serial = DiskSerial.Of(request.Id),
            ActiveLayerId = layerId,
            State = VolumeState.Creating,
            DeletionPolicy = request.DeletionPolicy,
        };
        var layer = new VolumeLayer
        {
            Id = layerId,
            ProjectId = volume.ProjectId,
            CreatedBy = volume.CreatedBy,
            CreatedAt = turn.Now,
            UpdatedAt = turn.Now,
            Version = 1,
            VolumeId = volume.Id,
            DataStorageId = storage.Id,
            Role = LayerRole.Data,
            Format = volume.Format,
            SizeBytes = volume.SizeBytes,
            Immutable = false,
            State = LayerState.Creating,
        };
        return Decision.Run("volume.create", new VolumeMake
        {
            VolumeId = volume.Id,
            LayerId = layerId,
            DataStorageId = storage.Id,
            SizeBytes = volume.SizeBytes,
            Format = volume.Format,
            HostId = hostId,
        }, new UnitOfWork().Insert(volume).Insert(layer));
    }

    /// <summary>The wanted storage, or the only one that there is.</summary>
    private static async ValueTask<DataStorage> Storage(CreateVolume request, IStore store)
    {
        if (request.DataStorageId is { } wanted)
            return await store.Find<DataStorage>(wanted) ?? throw Problems.Invalid("dataStorageId", $"There is no data storage '{wanted}'.", code: "reference-not-found").AsException();
        var host = request.HostId is { } id
            ? await store.Find<Host>(id) ?? throw Problems.Invalid("hostId", $"There is no host '{id}'.", code: "reference-not-found").AsException()
            : null;
        var links = host is null ? await store.List<DataStorageAttachment>() : await store.List<DataStorageAttachment>(Condition.Equal(nameof(DataStorageAttachment.ClusterId), host.ClusterId));
        List<Id> candidates = [.. links.Select(link => link.DataStorageId).Distinct()];
        var storages = candidates.Count == 0 ? [] : (await store.List<DataStorage>(Condition.In(nameof(DataStorage.Id), candidates))).OrderBy(storage => storage.Name, StringComparer.Ordinal).ToList();
        return storages is [var only] ? only
            : throw new Problem(400, "data-storage-needed", "The request does not say where the disk shall be.",
                storages.Count == 0 ? $"No data storage is attached to {(host is null ? "any cluster" : $"the cluster of host '{host.Name}'")}."
                : $"{storages.Count} data storages are attached to {(host is null ? "clusters" : $"the cluster of host '{host.Name}'")}: {Problems.Named(storages)}.",
                storages.Count == 0 ? "Attach one to the cluster." : "Name one with dataStorageId.", "dataStorageId")
            { Candidates = Problems.Candidates(storages) }.AsException();
    }

    /// <summary>The wanted host, or the connected one with the most room in the storage.</summary>
    private static async ValueTask<Id> Host(CreateVolume request, DataStorage storage, IStore store)
    {
        var usable = (await store.List<HostDataStorage>(
            Condition.Equal(nameof(HostDataStorage.DataStorageId), storage.Id), Condition.Equal(nameof(HostDataStorage.State), HostStorageState.Connected))).ToList();
        if (request.HostId is { } wanted)
        {
            if (await store.Find<Host>(wanted) is null)
                throw Problems.Invalid("hostId", $"There is no host '{wanted}'.", code: "reference-not-found").AsException();
            usable.RemoveAll(h => h.HostId != wanted);
        }

        return usable.OrderByDescending(h => h.AvailableBytes).ThenBy(h => h.HostId).FirstOrDefault()?.HostId
            ?? throw new Problem(409, "data-storage-not-connected", "No host can reach the data storage now.", $"Data storage '{storage.Name}' is not connected on {(request.HostId is null ? "any host" : "this host")}.",
                "Attach it to the cluster, and look at the hosts' state.", "dataStorageId").AsException();
    }
}

/// <summary>Nothing to do forward; taken back, the accepted rows go.</summary>
[Step("storage.begin-volume")]
internal sealed class BeginVolume : Step<VolumeMake>
{
    public override Task Run(VolumeMake make, StepContext<VolumeMake> step) => Task.CompletedTask;

    public override Task Undo(VolumeMake make, StepContext<VolumeMake> step) => step.Call(new RemoveVolume(make.VolumeId));
}
