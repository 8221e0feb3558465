using Nssv.Contracts.Agent;
using Nssv.Contracts.Images;
using Nssv.Kernel;

namespace Nssv.Agent.Images;

/// <summary>
/// Where images are kept. Callers see an image as bytes with a manifest and never how it lies there, so that a store of shared slices can take
/// the place of whole files. Calls may be repeated; a full storage is "storage-full".
/// </summary>
public interface IImageStorageDriver
{
    /// <summary>Makes the storage ready and clears what an interrupted import left. Uploads that arrived whole are kept.</summary>
    Task<StorageCapacity> Open(CancellationToken cancel);

    Task<StorageCapacity> Measure(CancellationToken cancel);

    /// <summary>A directory on this host for one import, empty, that only <see cref="Keep"/> and <see cref="Delete"/> and the next <see cref="Open"/> clear.</summary>
    Task<string> Workspace(Id imageId, CancellationToken cancel);

    /// <summary>Where an upload is received, and found whole when its import runs; its name appears by a rename.</summary>
    string UploadFile(Id imageId);

    Task<ImageManifest?> Find(Id imageId, CancellationToken cancel);

    /// <summary>Takes a file of the workspace as the image; from then on it is there, whole, or not at all.</summary>
    Task<ImageManifest> Keep(string file, ImageManifest manifest, CancellationToken cancel);

    /// <summary>The stored bytes. <see cref="ImageContent.LocalFile"/> is set where they are one file of this host, so that a copy can share blocks.</summary>
    Task<ImageContent> Read(Id imageId, CancellationToken cancel);

    /// <summary>Removes the image, its upload and what an import left. Absent is done.</summary>
    Task Delete(Id imageId, CancellationToken cancel);

    Task<IReadOnlyList<Id>> List(CancellationToken cancel);

    /// <summary>This host uses the storage, which holds no images, no more: takes the mark away, so that the place is free for another. Absent is done.</summary>
    Task Leave(CancellationToken cancel);
}

/// <summary>What is known of a stored image; lies beside its bytes, so that a storage can be adopted without our database.</summary>
/// <param name="Format">Of the stored bytes: qcow2, or iso as it came.</param>
/// <param name="Sha256">Of the bytes that were given.</param>
/// <param name="StoredSha256">Of the bytes that are stored.</param>
public sealed record ImageManifest(
    int Version, Id ImageId, ImageFormat Format, string Architecture, long VirtualSizeBytes, long StoredSizeBytes, long StoredLength, string Sha256, string StoredSha256)
{
    public const int CurrentVersion = 1;
}

public sealed record ImageContent(ImageManifest Manifest, Stream Content, string? LocalFile);
