using Nssv.Kernel;

namespace Nssv.Agent.Storage;

/// <summary>What storages and images answer when they cannot.</summary>
internal static class StorageProblems
{
    private const string Gibi = "GiB";

    public static Problem Full(string path, long? needed, long available) => new(507, "storage-full", "The storage has not enough free space.",
        needed is { } bytes ? $"{path} has {Size(available)} free; {Size(bytes)} are needed." : $"{path} has {Size(available)} free, which was not enough.",
        "Free space on the storage, or choose another one; nothing was left behind.");

    public static Problem Unavailable(string what, string why) => new(503, "storage-unavailable", "The storage does not answer.",
        $"{what}: {why}", "Check the disk or server behind the storage; the host keeps trying.")
    { RetryAfterSeconds = 10 };

    public static Problem Unknown(Id storageId) => new(409, "storage-not-attached", "The host does not know this storage.",
        $"Storage {storageId} is not attached to this host.", "Attach the storage to the host's cluster first.");

    public static Problem LayerMissing(Id layerId) => new(409, "layer-not-found", "The layer is not in the storage.",
        $"Layer {layerId} is not on this host.", "Compare the storage's content with what the platform expects; a disk may have been removed by hand.");

    public static Problem LayerDiffers(Id layerId, string detail) => new(409, "layer-exists", "There is another layer of this id.",
        $"Layer {layerId}: {detail}", "Nothing was changed. Delete the layer, if nothing uses it, and try again.");

    public static Problem HasChildren(Id layerId, Id childId) => new(409, "layer-has-children", "Another layer reads from this one.",
        $"Layer {childId} is an overlay on {layerId}.", "Delete or merge the overlay first.");

    public static Problem TooSmall(long size, long parentSize) => new(400, "layer-smaller-than-parent", "A disk cannot be smaller than what it is made from.",
        $"{Size(size)} were asked; the parent has {Size(parentSize)}.", $"Ask for at least {parentSize} bytes.", "sizeBytes");

    public static Problem BadSize(long size) => new(400, "invalid-size", "The size is not possible.",
        $"{size} bytes.", "Choose a size between 1 MiB and 64 TiB that is a multiple of 512 bytes.", "sizeBytes");

    public static Problem BadPath(string detail) => new(400, "storage-path-invalid", "The path cannot be a storage.",
        detail, "Choose an absolute path of a directory that holds nothing else.", "path");

    public static Problem Foreign(string path) => new(409, "storage-belongs-to-another", "The directory belongs to another storage.",
        $"{path} carries the mark of another storage or platform (nssv-storage.json).", "Choose another directory; remove the mark by hand only when you know that nobody uses it.", "path");

    public static Problem NotReachable(string path, string user) => new(409, "storage-not-traversable", "Virtual machines cannot reach the directory.",
        $"User {user}, as which QEMU runs, may not enter {path}.", $"Let others pass through each directory above it (chmod o+x), or choose another path.", "path");

    public static Problem UnknownKind(string kind) => new(400, "storage-kind-unknown", "There is no driver of this kind.",
        $"This agent has no driver '{kind}'.", "Use kind 'local', or upgrade the agent.", "kind");

    public static Problem ChecksumWrong(string what, string expected, string found) => new(422, "checksum-mismatch", "The bytes are not what they should be.",
        $"{what}: expected SHA-256 {expected}, found {found}.", "Fetch the file again; if that repeats, the source is damaged or the checksum is of another file.", "checksum");

    public static Problem Tool(string tool, string complaint) => new(500, "storage-tool-failed", "A tool on the host failed.",
        $"{tool}: {complaint}", "Look at the agent's log; the storage may be damaged or read-only.");

    public static string Size(long bytes) => bytes switch
    {
        >= 1L << 30 => FormattableString.Invariant($"{bytes / (double)(1L << 30):0.##} {Gibi}"),
        >= 1L << 20 => FormattableString.Invariant($"{bytes / (double)(1L << 20):0.##} MiB"),
        _ => $"{bytes} bytes",
    };
}
