using Nssv.Contracts.Agent;
using Nssv.Kernel;
using Nssv.Kernel.Agents;

namespace Nssv.Agent;

/// <summary>
/// Everything that touches the real host: domains, layers, images, consoles. The protocol part (journal, epochs, callbacks) calls it and knows
/// nothing of libvirt or files; a simulator may stand in its place. Failures are <see cref="ProblemException"/> with a stable code.
/// </summary>
public interface IHostEngine
{
    /// <summary>Kernel's boot id: another one means that everything on the host has stopped.</summary>
    string BootId { get; }

    /// <summary>
    /// Opens what the engine needs (libvirt, storages known from before, left-overs of an interrupted run). Returns although libvirt is not there yet:
    /// the engine keeps trying, and <see cref="DomainsResynced"/> tells when it is.
    /// </summary>
    Task Start(CancellationToken cancel);

    /// <summary>
    /// Runs one command to its end and returns its result record. May be repeated at any time: what a command makes is found by its id.
    /// Commands on one resource run one after another, in order of their calls. Cancelling gives up waiting and undoes what was half-made.
    /// </summary>
    Task<object> Run(Command command, CommandScope scope, CancellationToken cancel);

    /// <summary>A domain of this platform changed, as libvirt reported it. Raised in order, on a thread of the engine: hand over and return.</summary>
    event Action<DomainStatus>? DomainChanged;

    /// <summary>libvirt was away and is back: events may have been missed, so a full list is due.</summary>
    event Action? DomainsResynced;

    /// <summary>Every domain of this platform, of whatever generation. Throws "libvirt-unavailable" while libvirtd is away.</summary>
    Task<IReadOnlyList<DomainStatus>> ListDomains(CancellationToken cancel);

    /// <summary>Every layer in the storages that answer; a storage that hangs is left out (see <see cref="Storages"/>).</summary>
    Task<IReadOnlyList<LayerStatus>> ListLayers(CancellationToken cancel);

    /// <summary>Figures for the heartbeat; never waits for libvirt or a storage (its versions are "" until libvirt was seen once).</summary>
    HostCapacity Capacity { get; }

    /// <summary>What was last known of each storage; never waits for one.</summary>
    IReadOnlyList<StorageStatus> Storages { get; }

    /// <summary>
    /// Takes the bytes of an image that a later <see cref="ImportImage"/> with source "upload" imports (PUT /agent/v1/images/{imageId}/content).
    /// A repeat replaces what came before; what breaks off leaves nothing. With no storage named, the host's only image storage takes it.
    /// </summary>
    Task ReceiveUpload(Id? imageStorageId, Id imageId, Stream content, long? length, CancellationToken cancel);

    /// <summary>
    /// Opens a ready image for another host's <see cref="CacheImage"/>, which asks for GET /agent/v1/images/{imageId}/content?imageStorageId=… and
    /// reads the header <see cref="StoredImage.ChecksumHeader"/>.
    /// </summary>
    Task<StoredImage> OpenImage(Id? imageStorageId, Id imageId, CancellationToken cancel);

    /// <summary>The guest's serial console, raw bytes both ways. A second viewer takes over: the first one's stream ends.</summary>
    Task<Stream> OpenConsole(Id virtualMachineId, CancellationToken cancel);
}

/// <summary>For whom a command runs, and where it tells how far it is.</summary>
/// <param name="Progress">Takes 0 to 100, or is null.</param>
public sealed record CommandScope(Id OperationId, string CommandId, IProgress<int>? Progress = null)
{
    /// <summary>Of the operation's owner for whom it runs; grows with each owner.</summary>
    public long Epoch { get; init; }

    /// <summary>False once its operation has a newer owner who has not asked for it again: a command that waits before its last effect looks here first.</summary>
    public Func<bool> StillWanted { get; init; } = static () => true;
}

/// <summary>A ready image's bytes (our own qcow2 or ISO), its length and the SHA-256 of exactly these bytes.</summary>
public sealed record StoredImage(Stream Content, long Length, string StoredSha256, bool IsIso = false)
{
    public const string ChecksumHeader = "X-Nssv-Sha256";
    public const string IsoMediaType = "application/x-iso9660-image", DiskMediaType = "application/octet-stream";

    /// <summary>Content-Type of the answer: the other host keeps an ISO as raw bytes.</summary>
    public string MediaType => IsIso ? IsoMediaType : DiskMediaType;
}
