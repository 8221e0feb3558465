using Nssv.Kernel;
using Nssv.Kernel.Calls;
using Nssv.Kernel.Flows;

namespace Nssv.Contracts.Storage;

/// <summary>Context of flow "volume.make": one new volume whose rows are there and whose host is chosen.</summary>
[FlowContext]
public sealed record VolumeMake
{
    public required Id VolumeId { get; init; }
    public required Id LayerId { get; init; }
    public required Id DataStorageId { get; init; }
    public required long SizeBytes { get; init; }
    public required VolumeFormat Format { get; init; }

    /// <summary>Set once a host is chosen.</summary>
    public Id? HostId { get; init; }

    public Id? ImageId { get; init; }
    public Id? ImageStorageId { get; init; }

    /// <summary>Set once the image's copy on the host is known.</summary>
    public Id? BaseLayerId { get; init; }

    public bool FromImage => ImageId is not null;
}

/// <summary>Removes the rows of a volume whose layers are gone. Gone already is done.</summary>
public sealed record RemoveVolume(Id VolumeId) : Request<bool>
{
    public override Id Target => VolumeId;
}

/// <summary>The serial number that a guest sees on a disk.</summary>
public static class DiskSerial
{
    /// <summary>The first 20 hex digits of the volume's id.</summary>
    public static string Of(Id volumeId) => volumeId.Value.ToString("N")[..20];
}
