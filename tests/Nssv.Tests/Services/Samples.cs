using Nssv.Contracts.Compute;
using Nssv.Contracts.Images;
using Nssv.Contracts.Inventory;
using Nssv.Contracts.Storage;
using Nssv.Kernel;

namespace Nssv.Tests.Services;

/// <summary>Rows that other services make.</summary>
internal static class Samples
{
    private static readonly DateTimeOffset Start = new(2026, 1, 31, 12, 0, 0, TimeSpan.Zero);

    public static Volume Volume(Id host, Id storage, Id? image) => new()
    {
        Id = ServiceBed.NewId(),
        ProjectId = ServiceBed.Platform,
        CreatedBy = ServiceBed.Platform,
        CreatedAt = Start,
        UpdatedAt = Start,
        Version = 1,
        Name = "disk",
        DataStorageId = storage,
        HostId = host,
        Role = VolumeRole.Data,
        SizeBytes = 1 << 20,
        Format = VolumeFormat.Qcow2,
        ImageId = image,
        Serial = "s",
        State = VolumeState.Ready,
    };

    public static VirtualMachine Machine(Id cluster, Id image) => new()
    {
        Id = ServiceBed.NewId(),
        ProjectId = ServiceBed.Platform,
        CreatedBy = ServiceBed.Platform,
        CreatedAt = Start,
        UpdatedAt = Start,
        Version = 1,
        Name = "web-3",
        ClusterId = cluster,
        CpuCount = 1,
        MemoryBytes = 256 << 20,
        Architecture = Architecture.X86_64,
        Firmware = Firmware.Bios,
        ImageId = image,
        PowerIntent = PowerIntent.Off,
        RunGeneration = 0,
        State = VmState.Stopped,
    };

    public static VolumeLayer Layer(Id host, Id storage, Id? image = null, Id? volume = null, Id? parent = null) => new()
    {
        Id = ServiceBed.NewId(),
        ProjectId = ServiceBed.Platform,
        CreatedBy = ServiceBed.Platform,
        CreatedAt = Start,
        UpdatedAt = Start,
        Version = 1,
        DataStorageId = storage,
        HostId = host,
        ImageId = image,
        VolumeId = volume,
        ParentLayerId = parent,
        Role = volume is null ? LayerRole.ImageBase : LayerRole.Data,
        Format = VolumeFormat.Qcow2,
        SizeBytes = 1 << 20,
        Immutable = volume is null,
        State = LayerState.Ready,
    };

    /// <summary>A ready image whose copy lies in a host's data storage.</summary>
    public static async Task<VolumeLayer> Cached(ServiceBed bed, Id host, Id storage, Id? image = null)
    {
        if (image is null)
        {
            var images = ServiceBed.NewId();
            await bed.Do(new CreateImageStorage { Id = images, Name = "images", HostId = host, Path = "/srv/images" });
            image = ServiceBed.NewId();
            await bed.Do(new CreateImage { Id = image.Value, Name = "micro", Kind = ImageKind.System, Format = ImageFormat.Qcow2, ImageStorageId = images, Source = new(File: "/srv/import/micro.qcow2") });
        }

        var layer = Layer(host, storage, image);
        await bed.Insert(layer);
        return layer;
    }
}
