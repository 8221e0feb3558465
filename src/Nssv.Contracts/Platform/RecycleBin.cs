using Nssv.Kernel;
using Nssv.Kernel.Data;
using Nssv.Kernel.Deletion;
using Nssv.Kernel.Model;

namespace Nssv.Contracts.Platform;

/// <summary>Something that was deleted and can be recovered. Its creator is who deleted it.</summary>
[Resource("recycle-bin", Singular = "recycled-item", ShortName = "recycled", Rank = 90)]
public sealed record RecycledItem : Resource
{
    /// <summary>Singular kebab-case: "virtual-machine", "volume", "image".</summary>
    [Index] public required string Kind { get; init; }

    /// <summary>The id of what was deleted. Not a foreign key: it may be of any kind.</summary>
    [Index(Unique = true)] public required Id ResourceId { get; init; }

    public required string Name { get; init; }

    public required DateTimeOffset DeletedAt { get; init; }

    /// <summary>When it is removed for good; null: not before a person expunges it.</summary>
    [Index] public DateTimeOffset? ExpungeAt { get; init; }

    /// <summary>What it still occupies: of a machine its disks, of a volume its size, of an image its file.</summary>
    public required long OccupiedBytes { get; init; }

    /// <summary>Of a machine: its disks, which are recovered and expunged with it.</summary>
    public int DiskCount { get; init; }

    /// <summary>Of a machine: its network cards, whose addresses nobody else gets meanwhile.</summary>
    public int AddressCount { get; init; }
}

/// <summary>The two sides of the recycle bin are written in one unit: the resource's own row, and the item.</summary>
public static class RecycleBin
{
    public static RecycledItem Item(Id id, NamedResource resource, string kind, Id deletedBy, DateTimeOffset now, DateTimeOffset? expungeAt, long occupiedBytes) => new()
    {
        Id = id,
        ResourceId = resource.Id,
        ProjectId = resource.ProjectId,
        CreatedBy = deletedBy,
        CreatedAt = now,
        UpdatedAt = now,
        Version = 1,
        Kind = kind,
        Name = resource.Name,
        DeletedAt = now,
        ExpungeAt = expungeAt,
        OccupiedBytes = occupiedBytes,
    };

    /// <summary>The item goes with this unit; nothing when there is none.</summary>
    public static async ValueTask<UnitOfWork> TakeOutOfRecycleBin(this UnitOfWork unit, IStore store, Id resourceId) =>
        await store.First<RecycledItem>(Condition.Equal(nameof(RecycledItem.ResourceId), resourceId)) is { } item ? unit.Delete(item) : unit;

    /// <summary>Whether a resource is in the recycle bin and, when a time is given, was to go by then.</summary>
    public static bool MayGo(IRecyclable resource, DateTimeOffset? ifDueBy) =>
        resource.DeletedAt is not null && (ifDueBy is not { } by || resource.ExpungeAt <= by);
}
