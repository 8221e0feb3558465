using Nssv.Contracts.Inventory;
using Nssv.Contracts.Network;
using Nssv.Kernel;
using Nssv.Kernel.Calls;
using Nssv.Kernel.Cascade;
using Nssv.Kernel.Deletion;

namespace Nssv.Contracts.Compute;

/// <summary>Makes a virtual machine with its disks and network cards, and starts it unless told otherwise.</summary>
[ApiRequest("POST", "virtual-machines", Permission = "virtual-machine.create", Summary = "Create a virtual machine")]
public sealed record CreateVirtualMachine : CreateRequest, IValidated
{
    /// <summary>Most virtual CPUs of one machine.</summary>
    public const int MaxCpuCount = 512;

    /// <summary>Most memory of one machine: 16 TiB.</summary>
    public const long MaxMemoryBytes = 16L << 40;

    [NewId] public Id Id { get; init; }
    public override Id Target => Id;

    public required string Name { get; init; }
    public string? Description { get; init; }
    public required int CpuCount { get; init; }

    /// <summary>A multiple of 1 MiB.</summary>
    public required long MemoryBytes { get; init; }

    public required Id ImageId { get; init; }

    /// <summary>Where it may be placed; null: the only cluster that can run the image's architecture.</summary>
    public Id? ClusterId { get; init; }

    /// <summary>The host to use; null: the best one.</summary>
    public Id? HostId { get; init; }

    /// <summary>Where its disks go; null: the only data storage of the cluster.</summary>
    public Id? DataStorageId { get; init; }

    public Firmware Firmware { get; init; } = Firmware.Bios;
    public RootDisk? RootDisk { get; init; }
    public IReadOnlyList<DataDisk> DataDisks { get; init; } = [];
    public IReadOnlyList<NewNic> Nics { get; init; } = [];
    public bool Start { get; init; } = true;

    /// <summary>What deleting it will do; null: as the setting of its kind says.</summary>
    public DeletionPolicy? DeletionPolicy { get; init; }

    public IEnumerable<FieldError> Validate()
    {
        foreach (var error in Rules.Name("name", Name).Concat(Rules.Description("description", Description)).Concat(Rules.Labels("labels", Labels)))
            yield return error;
        if (CpuCount is < 1 or > MaxCpuCount)
            yield return new("cpuCount", "out-of-range", $"cpuCount is between 1 and {MaxCpuCount}; it is {CpuCount}.");
        foreach (var error in MachineSize.Memory("memoryBytes", MemoryBytes))
            yield return error;
        if (RootDisk?.SizeBytes is { } root)
        {
            foreach (var error in DiskSize.Check("rootDisk.sizeBytes", root))
                yield return error;
        }

        for (var i = 0; i < DataDisks.Count; i++)
        {
            foreach (var error in DiskSize.Check($"dataDisks[{i}].sizeBytes", DataDisks[i].SizeBytes)
                .Concat(DataDisks[i].Name is { } name ? Rules.Name($"dataDisks[{i}].name", name) : []))
                yield return error;
        }

        if (DataDisks.Count > DiskSize.MaxCount)
            yield return new("dataDisks", "too-many", $"A virtual machine has at most {DiskSize.MaxCount} data disks; these are {DataDisks.Count}.");
        if (Nics.Count > NewNic.MaxCount)
            yield return new("nics", "too-many", $"A virtual machine has at most {NewNic.MaxCount} network cards; these are {Nics.Count}.");
        for (var i = 0; i < Nics.Count; i++)
        {
            foreach (var error in Nics[i].Check($"nics[{i}]"))
                yield return error;
        }
    }
}

/// <param name="SizeBytes">Null: as large as the image.</param>
public sealed record RootDisk(long? SizeBytes = null);

/// <summary>An empty disk that is made with the machine.</summary>
public sealed record DataDisk
{
    public required long SizeBytes { get; init; }
    public string? Name { get; init; }
}

public sealed record NewNic
{
    public const int MaxCount = 16;

    public required Id PortGroupId { get; init; }

    /// <summary>Null: one is chosen.</summary>
    public string? MacAddress { get; init; }

    public NicModel Model { get; init; } = NicModel.Virtio;

    internal IEnumerable<FieldError> Check(string field)
    {
        if (MacAddress is not null && !Network.MacAddress.IsUsable(MacAddress))
            yield return Network.MacAddress.Wrong($"{field}.macAddress");
    }
}

/// <summary>Bounds of a machine's memory.</summary>
public static class MachineSize
{
    private const long MiB = 1L << 20;

    public static IEnumerable<FieldError> Memory(string field, long bytes)
    {
        if (bytes is < 16 * MiB or > CreateVirtualMachine.MaxMemoryBytes)
            yield return new(field, "out-of-range", $"{field} is between 16 MiB and 16 TiB; it is {ByteCount.InWords(bytes)}.");
        else if (bytes % MiB != 0)
            yield return new(field, "not-a-multiple", $"{field} is a multiple of 1 MiB (1048576 bytes); it is {bytes} bytes.");
    }
}

/// <summary>Bounds of a disk.</summary>
public static class DiskSize
{
    public const int MaxCount = 24;
    private const long MaxBytes = 64L << 40;

    public static IEnumerable<FieldError> Check(string field, long bytes)
    {
        if (bytes is < 1 << 20 or > MaxBytes)
            yield return new(field, "out-of-range", $"A disk has between 1 MiB and 64 TiB; it is {ByteCount.InWords(bytes)}.");
        else if (bytes % 512 != 0)
            yield return new(field, "not-a-multiple", $"A disk's size is a multiple of 512 bytes; it is {bytes}.");
    }
}

/// <summary>Starts a stopped machine; one that runs already is left as it is, and the operation succeeds.</summary>
[ApiRequest("POST", "virtual-machines/{id}:start", Permission = "virtual-machine.start", Summary = "Start a virtual machine")]
public sealed record StartVirtualMachine([property: FromRoute] Id Id) : Request
{
    public override Id Target => Id;
}

/// <summary>Asks the guest to shut down, and turns it off after the grace time. A machine that is stopped is left as it is, and the operation succeeds.</summary>
[ApiRequest("POST", "virtual-machines/{id}:stop", Permission = "virtual-machine.stop", Summary = "Stop a virtual machine")]
public sealed record StopVirtualMachine([property: FromRoute] Id Id) : Request, IValidated
{
    public override Id Target => Id;

    /// <summary>Turn it off at once, like pulling the plug.</summary>
    public bool Force { get; init; }

    /// <summary>How long the guest may take, seconds.</summary>
    public int GraceSeconds { get; init; } = 60;

    public IEnumerable<FieldError> Validate()
    {
        if (GraceSeconds is < 0 or > 3600)
            yield return new("graceSeconds", "out-of-range", $"graceSeconds is between 0 and 3600; it is {GraceSeconds}.");
    }
}

[ApiRequest("POST", "virtual-machines/{id}:reboot", Permission = "virtual-machine.reboot", Summary = "Reboot a virtual machine")]
public sealed record RebootVirtualMachine([property: FromRoute] Id Id) : Request
{
    public override Id Target => Id;

    /// <summary>Reset at once instead of asking the guest.</summary>
    public bool Force { get; init; }
}

[ApiRequest("POST", "virtual-machines/{id}:pause", Permission = "virtual-machine.pause", Summary = "Freeze a running virtual machine")]
public sealed record PauseVirtualMachine([property: FromRoute] Id Id) : Request
{
    public override Id Target => Id;
}

[ApiRequest("POST", "virtual-machines/{id}:resume", Permission = "virtual-machine.resume", Summary = "Let a paused virtual machine go on")]
public sealed record ResumeVirtualMachine([property: FromRoute] Id Id) : Request
{
    public override Id Target => Id;
}

/// <summary>Turns a machine off and puts it into the recycle bin, with its network cards and all disks that are attached to it; or removes it at once, as its deletion policy says.</summary>
[ApiRequest("DELETE", "virtual-machines/{id}", Permission = "virtual-machine.delete", Summary = "Delete a virtual machine")]
public sealed record DeleteVirtualMachine([property: FromRoute] Id Id) : DeleteRequest
{
    public override Id Target => Id;

    /// <summary>Remove at once, without the recycle bin.</summary>
    public bool Expunge { get; init; }
}

/// <summary>Takes a virtual machine out of the recycle bin. One that is not there is left as it is, and the operation succeeds.</summary>
[ApiRequest("POST", "virtual-machines/{id}:recover", Permission = "virtual-machine.recover", Summary = "Recover a virtual machine from the recycle bin")]
public sealed record RecoverVirtualMachine([property: FromRoute] Id Id) : Request
{
    public override Id Target => Id;
}

/// <summary>Removes a virtual machine that is in the recycle bin for good.</summary>
[ApiRequest("POST", "virtual-machines/{id}:expunge", Permission = "virtual-machine.expunge", Summary = "Remove a virtual machine in the recycle bin for good")]
public sealed record ExpungeVirtualMachine([property: FromRoute] Id Id) : Request, IRemovesTarget
{
    public override Id Target => Id;

    /// <summary>Only if it was to go by then; else it is left as it is, and the operation succeeds.</summary>
    public DateTimeOffset? IfDueBy { get; init; }
}
