using System.Text.Json.Serialization;
using Nssv.Contracts.Agent;
using Nssv.Contracts.Storage;
using Nssv.Kernel;

namespace Nssv.Agent.Storage;

/// <summary>
/// One kind of data storage, as a host uses it. Layers are found by id, never by path; each call may be repeated and then changes nothing more;
/// what fails leaves nothing behind. Failures are <see cref="ProblemException"/>; a full storage is always "storage-full".
/// A driver proves itself with DataStorageTestKit.
/// </summary>
public interface IDataStorageDriver
{
    DataStorageCapabilities Capabilities { get; }

    /// <summary>Makes the storage ready, clears what an interrupted call left, and checks that virtual machines can reach it.</summary>
    Task<StorageFacts> Open(CancellationToken cancel);

    Task<StorageCapacity> Measure(CancellationToken cancel);

    /// <summary>An empty layer that stands alone.</summary>
    Task<LayerInfo> Create(Id layerId, VolumeFormat format, long sizeBytes, CancellationToken cancel);

    /// <summary>An overlay: reads what it does not hold from its parent, which must not change from now on.</summary>
    Task<LayerInfo> CreateChild(Id layerId, long sizeBytes, Id parentLayerId, VolumeFormat parentFormat, CancellationToken cancel);

    /// <summary>The layer, or null when it is not there.</summary>
    Task<LayerInfo?> Find(Id layerId, CancellationToken cancel);

    /// <summary>A file of this storage where bytes from elsewhere may be put before they are imported; <see cref="Import"/> then need not copy them.</summary>
    Task<string> Inbox(Id layerId, CancellationToken cancel);

    /// <summary>Takes a file's bytes as a layer that nobody writes, after their checksum was found right.</summary>
    Task<LayerInfo> Import(Id layerId, LayerSource source, CancellationToken cancel);

    /// <summary>Removes a layer; refused while another one reads from it. Absent is done.</summary>
    Task Delete(Id layerId, CancellationToken cancel);

    Task<IReadOnlyList<StoredLayer>> List(CancellationToken cancel);

    /// <summary>Makes a layer reachable for a domain on this host and says how. Refused when the layer is not there.</summary>
    Task<LayerAttachment> Prepare(Id layerId, LayerAccess access, CancellationToken cancel);

    /// <summary>The domain no longer uses it.</summary>
    Task Release(Id layerId, CancellationToken cancel);

    /// <summary>The right to write a volume, for one start of one virtual machine; a storage that hosts share refuses it while another holds it.</summary>
    Task AcquireLease(VolumeLease lease, CancellationToken cancel);

    Task ReleaseLease(VolumeLease lease, CancellationToken cancel);

    /// <summary>This host uses the storage, which holds no layers, no more: takes the mark away, so that the place is free for another. Absent is done.</summary>
    Task Leave(CancellationToken cancel);
}

/// <param name="Layers">A volume is a chain of layers (otherwise the storage has snapshots of its own).</param>
/// <param name="Shared">All hosts see the same bytes.</param>
public sealed record DataStorageCapabilities(bool Layers, bool Shared, bool LinkedClone, bool Thin, IReadOnlyList<VolumeFormat> Formats);

/// <param name="DirectIo">The storage takes O_DIRECT: disks bypass the host's page cache.</param>
public sealed record StorageFacts(StorageCapacity Capacity, bool DirectIo);

public sealed record StoredLayer(Id LayerId, VolumeFormat Format, long AllocatedBytes);

/// <param name="Path">Of a file that this host can read.</param>
/// <param name="Sha256">Of exactly its bytes, hex.</param>
public sealed record LayerSource(string Path, VolumeFormat Format, string Sha256);

public sealed record VolumeLease(Id VolumeId, Id VirtualMachineId, long RunGeneration);

public enum LayerAccess { Exclusive, SharedForMigration, ReadOnly }

/// <summary>How a domain reaches a layer; each kind of storage has its own.</summary>
[JsonDerivedType(typeof(FileAttachment), "file")]
public abstract record LayerAttachment;

public sealed record FileAttachment(string Path, VolumeFormat Format, bool DirectIo) : LayerAttachment;
