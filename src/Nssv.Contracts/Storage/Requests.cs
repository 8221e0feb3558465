using Nssv.Contracts.Compute;
using Nssv.Kernel;
using Nssv.Kernel.Calls;
using Nssv.Kernel.Cascade;
using Nssv.Kernel.Deletion;

namespace Nssv.Contracts.Storage;

/// <summary>Makes an empty data disk, free or attached to a stopped machine.</summary>
[ApiRequest("POST", "volumes", Permission = "volume.create", Summary = "Create a volume")]
public sealed record CreateVolume : CreateRequest, IValidated
{
    [NewId] public Id Id { get; init; }
    public override Id Target => Id;
    public required string Name { get; init; }
    public string? Description { get; init; }
    public required long SizeBytes { get; init; }

    /// <summary>The data storage that holds it; null: the only one that is attached to a cluster, or to that of <see cref="HostId"/>. Where there are several, one must be named.</summary>
    public Id? DataStorageId { get; init; }

    /// <summary>What deleting it will do; null: as the setting of its kind says.</summary>
    public DeletionPolicy? DeletionPolicy { get; init; }

    /// <summary>The host that holds it, where the storage is not shared; null: the one with the most room.</summary>
    public Id? HostId { get; init; }

    public IEnumerable<FieldError> Validate() =>
        Rules.Name("name", Name).Concat(Rules.Description("description", Description)).Concat(Rules.Labels("labels", Labels)).Concat(DiskSize.Check("sizeBytes", SizeBytes));
}

/// <summary>Puts a free volume into the recycle bin, or removes it with its layers, as its deletion policy says.</summary>
[ApiRequest("DELETE", "volumes/{id}", Permission = "volume.delete", Summary = "Delete a volume")]
public sealed record DeleteVolume([property: FromRoute] Id Id) : DeleteRequest
{
    public override Id Target => Id;

    /// <summary>Remove at once, without the recycle bin.</summary>
    public bool Expunge { get; init; }
}

/// <summary>Attaches a free data volume to a stopped machine.</summary>
[ApiRequest("POST", "volumes/{id}:attach", Permission = "volume.attach", Summary = "Attach a volume to a stopped virtual machine")]
public sealed record AttachVolume([property: FromRoute] Id Id) : Request
{
    public override Id Target => Id;
    public required Id VirtualMachineId { get; init; }
}

/// <summary>Detaches a data volume from its stopped machine.</summary>
[ApiRequest("POST", "volumes/{id}:detach", Permission = "volume.detach", Summary = "Detach a volume from its stopped virtual machine")]
public sealed record DetachVolume([property: FromRoute] Id Id) : DetachRequest
{
    public override Id Target => Id;
}

/// <summary>Takes a volume out of the recycle bin. One that is not there is left as it is, and the operation succeeds.</summary>
[ApiRequest("POST", "volumes/{id}:recover", Permission = "volume.recover", Summary = "Recover a volume from the recycle bin")]
public sealed record RecoverVolume([property: FromRoute] Id Id) : Request
{
    public override Id Target => Id;
}

/// <summary>Removes a volume that is in the recycle bin for good.</summary>
[ApiRequest("POST", "volumes/{id}:expunge", Permission = "volume.expunge", Summary = "Remove a volume in the recycle bin for good")]
public sealed record ExpungeVolume([property: FromRoute] Id Id) : Request, IRemovesTarget
{
    public override Id Target => Id;

    /// <summary>Only if it was to go by then; else it is left as it is, and the operation succeeds.</summary>
    public DateTimeOffset? IfDueBy { get; init; }
}
