using Nssv.Contracts.Compute;
using Nssv.Kernel;
using Nssv.Kernel.Calls;

namespace Nssv.Contracts.Storage;

/// <summary>Makes an empty data disk, free or attached to a stopped machine.</summary>
[ApiRequest("POST", "volumes", Permission = "volume.create", Summary = "Create a volume")]
public sealed record CreateVolume : Request, IValidated
{
    [NewId] public Id Id { get; init; }
    public override Id Target => Id;
    public required string Name { get; init; }
    public string? Description { get; init; }
    public IReadOnlyDictionary<string, string>? Labels { get; init; }
    public required long SizeBytes { get; init; }
    public required Id DataStorageId { get; init; }

    /// <summary>The host that holds it, where the storage is not shared; null: the one with the most room.</summary>
    public Id? HostId { get; init; }

    public IEnumerable<FieldError> Validate() =>
        Rules.Name("name", Name).Concat(Rules.Description("description", Description)).Concat(Rules.Labels("labels", Labels)).Concat(DiskSize.Check("sizeBytes", SizeBytes));
}

/// <summary>Deletes a free volume with its layers.</summary>
[ApiRequest("DELETE", "volumes/{id}", Permission = "volume.delete", Summary = "Delete a volume")]
public sealed record DeleteVolume([property: FromRoute] Id Id) : Request
{
    public override Id Target => Id;
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
public sealed record DetachVolume([property: FromRoute] Id Id) : Request
{
    public override Id Target => Id;
}
