using Nssv.Contracts.Inventory;
using Nssv.Kernel;
using Nssv.Kernel.Deletion;
using Nssv.Kernel.Model;

namespace Nssv.Contracts.Images;

/// <summary>Space for image templates; kind "local" is a directory of one host.</summary>
[Resource("image-storages", ShortName = "imagestorage", Rank = 32)]
public sealed record ImageStorage : NamedResource
{
    public required string Kind { get; init; }

    /// <summary>The host whose agent serves it (kind local).</summary>
    [Reference<Host>(OnDelete.Cascade), Index] public required Id HostId { get; init; }

    public required string Path { get; init; }

    [Observed] public required ImageStorageState State { get; init; }
    [Observed] public long CapacityBytes { get; init; }
    [Observed] public long AvailableBytes { get; init; }
}

public enum ImageStorageState { Preparing, Ready, Unavailable, Deleting }

/// <summary>Link: hosts of this data center may use images of this image storage.</summary>
[Resource("image-storage-attachments", Rank = 33)]
public sealed record ImageStorageAttachment : Resource
{
    [Reference<ImageStorage>(OnDelete.Part), Index("image_storage_attachment_pair", Unique = true)] public required Id ImageStorageId { get; init; }
    [Reference<DataCenter>(OnDelete.Cascade), Index("image_storage_attachment_pair", Unique = true), Index] public required Id DataCenterId { get; init; }
}

/// <summary>A template from which disks are made (system, data) or a medium (iso). Converted into our own file; an uploaded file is never run.</summary>
[Resource("images", ShortName = "image", Rank = 35)]
public sealed record Image : NamedResource, IRecyclable
{
    public required ImageKind Kind { get; init; }

    /// <summary>The format of what was given; what is stored is ours.</summary>
    public required ImageFormat Format { get; init; }

    public required Architecture Architecture { get; init; }

    [Reference<ImageStorage>(OnDelete.Cascade), Index] public required Id ImageStorageId { get; init; }

    [Observed] public required ImageState State { get; init; }

    /// <summary>What a guest sees; a disk made from it is at least so large. 0 until it is ready.</summary>
    [Observed] public long VirtualSizeBytes { get; init; }

    /// <summary>What it takes in the image storage.</summary>
    [Observed] public long StoredSizeBytes { get; init; }

    /// <summary>SHA-256 of the bytes that were given, hex.</summary>
    [Observed] public string? Sha256 { get; init; }

    /// <summary>The query of the URL that the host fetches, "?" included: it may be a signature. Here only until the import has ended.</summary>
    [Secret, Observed] public string? SourceQuery { get; init; }

    /// <summary>What deleting it does; null: as the setting of its kind says.</summary>
    [Editable] public DeletionPolicy? DeletionPolicy { get; init; }

    [Observed] public DateTimeOffset? DeletedAt { get; init; }

    [Observed] public DateTimeOffset? ExpungeAt { get; init; }
}

public enum ImageKind { System, Data }

public enum ImageFormat { Qcow2, Raw, Iso }

public enum ImageState
{
    Creating,
    Uploading,
    Importing,
    Ready,
    Deleting,
    /// <summary>In the recycle bin.</summary>
    Recycled,
}
