using Nssv.Contracts.Compute;
using Nssv.Contracts.Storage;
using Nssv.Kernel;
using Nssv.Kernel.Data;

namespace Nssv.Services.Storage.Volumes;

/// <summary>
/// What a volume is put on must still be there when its row says so: looked at in the turn, for a clear answer, and made a condition of its transaction,
/// so that a detach or a deletion at this very moment either sees the volume or makes this fail.
/// </summary>
internal static class VolumePlaces
{
    /// <returns>The storage's row on the host.</returns>
    /// <exception cref="ProblemException">409: the storage is not connected on the host, or the layer below is going.</exception>
    public static async ValueTask<HostDataStorage> MakeSure(IStore store, Id hostId, Id dataStorageId, Id? parentLayerId)
    {
        var place = await store.First<HostDataStorage>(
            Condition.Equal(nameof(HostDataStorage.HostId), hostId), Condition.Equal(nameof(HostDataStorage.DataStorageId), dataStorageId));
        if (place is not { State: HostStorageState.Connected })
            throw new Problem(409, "data-storage-not-connected", "The host cannot reach the data storage now.", place?.Reason ?? $"Data storage {dataStorageId} is not connected on host {hostId}.", "Attach it to the cluster, and look at the host's state.").AsException();
        if (parentLayerId is { } parent && (await store.Find<VolumeLayer>(parent))?.State != LayerState.Ready)
            throw new Problem(409, "image-copy-going", "The image's copy on the host is not ready.", $"Layer {parent} cannot be built on.", "Repeat the request in a moment.").AsException();
        return place;
    }

    public static UnitOfWork OnlyOnConnectedStorage(this UnitOfWork unit, HostDataStorage place) =>
        unit.Require<HostDataStorage>(place.Id, Condition.Equal(nameof(HostDataStorage.State), HostStorageState.Connected));

    /// <summary>
    /// The unit fails when the machine has got a disk on another host meanwhile. Put it behind <see cref="StoppedMachine.OnlyWhileStopped"/>.
    /// </summary>
    public static UnitOfWork OnlyBesideDisksOf(this UnitOfWork unit, Id? hostId, Id virtualMachineId) => hostId is { } host ? unit.Execute(
        "volumes", "UPDATE virtual_machines SET state = state WHERE id = @p0 AND NOT EXISTS (SELECT 1 FROM volumes WHERE virtual_machine_id = @p0 AND host_id <> @p1)",
        1, virtualMachineId, host) : unit;

    public static UnitOfWork OnlyOnReadyLayer(this UnitOfWork unit, Id layerId) =>
        unit.Require<VolumeLayer>(layerId, Condition.Equal(nameof(VolumeLayer.State), LayerState.Ready));
}
