using System.Text.Json.Serialization;
using Nssv.Contracts.Images;
using Nssv.Contracts.Inventory;
using Nssv.Contracts.Storage;
using Nssv.Kernel;
using Nssv.Kernel.Agents;

namespace Nssv.Contracts.Agent;

// Every command may be run twice with the same outcome; what a command makes is found by its id. Ids only: the agent alone knows paths.

/// <summary>Makes the directory ready and remembers where the storage is. The only command with a path: the administrator chose it.</summary>
[Command("storage.attach-data")]
public sealed record AttachDataStorage(Id DataStorageId, string Kind, string Path) : Command<StorageCapacity>;

/// <summary>Forgets the storage; refused while it holds layers.</summary>
[Command("storage.detach-data")]
public sealed record DetachDataStorage(Id DataStorageId) : Command<Done>;

[Command("storage.attach-images")]
public sealed record AttachImageStorage(Id ImageStorageId, string Kind, string Path) : Command<StorageCapacity>;

[Command("storage.detach-images")]
public sealed record DetachImageStorage(Id ImageStorageId) : Command<Done>;

public sealed record StorageCapacity(long CapacityBytes, long AvailableBytes);

/// <summary>Makes an empty layer, or an overlay on a parent (backing name relative, format always set).</summary>
[Command("layer.create", Resource = nameof(LayerId))]
public sealed record CreateLayer(Id DataStorageId, Id LayerId, VolumeFormat Format, long SizeBytes, Id? ParentLayerId, VolumeFormat? ParentFormat) : Command<LayerInfo>;

/// <summary>Removes a layer; one that is not there is done.</summary>
[Command("layer.delete", Resource = nameof(LayerId))]
public sealed record DeleteLayer(Id DataStorageId, Id LayerId) : Command<Done>;

public sealed record LayerInfo(long SizeBytes, long AllocatedBytes);

/// <summary>
/// Copies a ready image into the data storage as an immutable base layer, verified. <paramref name="SourceAgentUrl"/> is null when this host serves the image storage.
/// </summary>
[Command("layer.cache-image", Resource = nameof(LayerId))]
public sealed record CacheImage(Id DataStorageId, Id LayerId, Id ImageStorageId, Id ImageId, string? SourceAgentUrl) : Command<LayerInfo>;

/// <summary>
/// Fetches, probes as an unprivileged user, refuses what lies or refers elsewhere, converts into our own file, verifies the checksum.
/// </summary>
[Command("image.import", Resource = nameof(ImageId))]
public sealed record ImportImage(Id ImageStorageId, Id ImageId, ImageFormat Format, ImageKind Kind, Architecture Architecture, ImageSource Source, string? Checksum) : Command<ImportedImage>;

/// <summary>Exactly one is set. Upload: bytes came by PUT /agent/v1/images/{id}/content; Url: http(s), guarded; File: below an allowed folder of the host.</summary>
public sealed record ImageSource(bool Upload = false, string? Url = null, string? File = null);

public sealed record ImportedImage(long VirtualSizeBytes, long StoredSizeBytes, string Sha256);

/// <summary>Removes an image, its upload and what an import left behind.</summary>
[Command("image.delete", Resource = nameof(ImageId))]
public sealed record DeleteImage(Id ImageStorageId, Id ImageId) : Command<Done>;

/// <summary>Defines (or redefines) the domain; the first time the answer says what hardware libvirt chose.</summary>
[Command("domain.define", Resource = nameof(Domain) + ".VirtualMachineId")]
public sealed record DefineDomain(DomainSpec Domain) : Command<DefinedDomain>;

public sealed record DefinedDomain(DomainHardware Hardware);

/// <summary>Starts the defined domain of this generation; running already with this generation is done; an older one running is a conflict.</summary>
[Command("domain.start")]
public sealed record StartDomain(Id VirtualMachineId, long RunGeneration) : Command<DomainStatus>;

/// <summary>Asks the guest to shut down (ACPI) and waits; after the grace time it is destroyed, at once when <paramref name="GraceSeconds"/> is 0. Not running is done.</summary>
[Command("domain.stop")]
public sealed record StopDomain(Id VirtualMachineId, int GraceSeconds) : Command<StoppedDomain>;

/// <summary>What a host sees of a domain that it has stopped: a <see cref="DomainStatus"/>, and how it came about.</summary>
/// <param name="Forced">False: its guest shut itself down; true: this stop cut its power. Null when neither is known: it was off already, QEMU died, somebody else turned it off; and from agents that do not say it.</param>
public sealed record StoppedDomain(Id VirtualMachineId, long RunGeneration, DomainState State, string? Reason, bool? Forced)
{
    public static StoppedDomain Of(DomainStatus status, bool? forced) => new(status.VirtualMachineId, status.RunGeneration, status.State, status.Reason, forced);
}

/// <summary>Turns it off at once. Does not wait for other commands on this machine: it is what ends a graceful stop that takes too long. Not running is done.</summary>
[Command("domain.kill", PassesQueue = true)]
public sealed record KillDomain(Id VirtualMachineId) : Command<DomainStatus>;

[Command("domain.reboot")]
public sealed record RebootDomain(Id VirtualMachineId, bool Force) : Command<DomainStatus>;

[Command("domain.pause")]
public sealed record PauseDomain(Id VirtualMachineId) : Command<DomainStatus>;

[Command("domain.resume")]
public sealed record ResumeDomain(Id VirtualMachineId) : Command<DomainStatus>;

/// <summary>Destroys if it runs, undefines with its NVRAM, removes its sockets and logs. Absent is done.</summary>
[Command("domain.remove")]
public sealed record RemoveDomain(Id VirtualMachineId) : Command<Done>;
