using Nssv.Contracts.Compute;
using Nssv.Contracts.Images;
using Nssv.Contracts.Inventory;
using Nssv.Kernel;
using Nssv.Kernel.Deletion;
using Nssv.Kernel.Model;

namespace Nssv.Contracts.Storage;

/// <summary>Space for the disks of virtual machines.</summary>
[Resource("data-storages", ShortName = "datastorage", Rank = 30)]
public sealed record DataStorage : NamedResource
{
    [Reference<DataCenter>(OnDelete.Cascade), Index] public required Id DataCenterId { get; init; }

    /// <summary>Names the driver; "local" is a directory of the same path on each host, not shared.</summary>
    public required string Kind { get; init; }

    /// <summary>Absolute path of the directory on the hosts (kind local).</summary>
    public required string Path { get; init; }

    [Observed] public required StorageState State { get; init; }
}

public enum StorageState { Detached, Attached, Unavailable }

/// <summary>Link: the hosts of this cluster may use this data storage.</summary>
[Resource("data-storage-attachments", Rank = 31)]
public sealed record DataStorageAttachment : Resource
{
    [Reference<DataStorage>(OnDelete.Cascade), Index("data_storage_attachment_pair", Unique = true)] public required Id DataStorageId { get; init; }
    [Reference<Cluster>(OnDelete.Cascade), Index("data_storage_attachment_pair", Unique = true), Index] public required Id ClusterId { get; init; }
}

/// <summary>One host's view of a data storage: state and capacity.</summary>
[Resource("host-data-storages", Rank = 32)]
public sealed record HostDataStorage : Resource, IObserved
{
    [Reference<Host>(OnDelete.Part), Index("host_data_storage_pair", Unique = true)] public required Id HostId { get; init; }
    [Reference<DataStorage>(OnDelete.Part), Index("host_data_storage_pair", Unique = true), Index] public required Id DataStorageId { get; init; }
    [Observed] public required HostStorageState State { get; init; }
    [Observed] public long CapacityBytes { get; init; }
    [Observed] public long AvailableBytes { get; init; }
    [Observed] public string? Reason { get; init; }
    [Internal, Observed] public long ObservedSequence { get; init; }
}

public enum HostStorageState { Preparing, Connected, Unavailable }

/// <summary>A disk of a virtual machine: a chain of layers of which the active one is written.</summary>
[Resource("volumes", ShortName = "volume", Rank = 50)]
[IndexOn("by_data_storage", nameof(Volume.DataStorageId), nameof(Volume.VirtualMachineId))]
public sealed record Volume : NamedResource, IRecyclable
{
    /// <summary>The machine it is attached to; null while it is free.</summary>
    [Reference<VirtualMachine>(OnDelete.Part), Index] public Id? VirtualMachineId { get; init; }

    [Reference<DataStorage>(OnDelete.Cascade), Index] public required Id DataStorageId { get; init; }

    /// <summary>The host that holds its bytes, where the storage is not shared.</summary>
    [Observed, Reference<Host>, Index] public Id? HostId { get; init; }

    public required VolumeRole Role { get; init; }

    /// <summary>What the guest sees.</summary>
    public required long SizeBytes { get; init; }

    public required VolumeFormat Format { get; init; }

    /// <summary>The image it was made from.</summary>
    [Reference<Image>, Index] public Id? ImageId { get; init; }

    /// <summary>Position on the machine's bus; 0 is the disk it boots from.</summary>
    public int? DeviceIndex { get; init; }

    /// <summary>Serial the guest sees: the first 20 hex digits of the id.</summary>
    public required string Serial { get; init; }

    /// <summary>The layer that is written. Not a foreign key: layers refer to volumes.</summary>
    [Internal] public Id? ActiveLayerId { get; init; }

    [Observed] public required VolumeState State { get; init; }

    /// <summary>What deleting it does; null: as the setting of its kind says.</summary>
    [Editable] public DeletionPolicy? DeletionPolicy { get; init; }

    [Observed] public DateTimeOffset? DeletedAt { get; init; }

    [Observed] public DateTimeOffset? ExpungeAt { get; init; }
}

public enum VolumeRole { Root, Data }

public enum VolumeFormat { Qcow2, Raw }

public enum VolumeState
{
    Creating,
    Ready,
    Deleting,
    /// <summary>In the recycle bin by itself; a volume of a recycled machine stays ready.</summary>
    Recycled,
}

/// <summary>One file (or LV, or RBD image) of a chain.</summary>
[Resource("volume-layers", Rank = 60)]
public sealed record VolumeLayer : Resource
{
    /// <summary>Null for an image base, which many volumes share.</summary>
    [Reference<Volume>(OnDelete.Part), Index] public Id? VolumeId { get; init; }

    [Observed, Reference<VolumeLayer>, Index] public Id? ParentLayerId { get; init; }

    [Reference<DataStorage>(OnDelete.Cascade), Index] public required Id DataStorageId { get; init; }

    /// <summary>The host that holds it, where the storage is not shared.</summary>
    [Observed, Reference<Host>(OnDelete.Cascade), Index("volume_layer_image_host")] public Id? HostId { get; init; }

    /// <summary>The image that an image base is a copy of.</summary>
    [Reference<Image>(OnDelete.Part), Index("volume_layer_image_host")] public Id? ImageId { get; init; }

    public required LayerRole Role { get; init; }

    public required VolumeFormat Format { get; init; }

    public required long SizeBytes { get; init; }

    /// <summary>Never written again.</summary>
    public required bool Immutable { get; init; }

    [Observed] public required LayerState State { get; init; }
}

public enum LayerRole { ImageBase, Data, Memory, Firmware }

public enum LayerState { Creating, Ready, Deleting }
