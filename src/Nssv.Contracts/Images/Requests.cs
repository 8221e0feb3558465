using Nssv.Contracts.Agent;
using Nssv.Contracts.Inventory;
using Nssv.Contracts.Storage;
using Nssv.Kernel;
using Nssv.Kernel.Calls;
using Nssv.Kernel.Cascade;
using Nssv.Kernel.Deletion;

namespace Nssv.Contracts.Images;

/// <summary>Makes an image storage on a connected host.</summary>
[ApiRequest("POST", "image-storages", Permission = "image-storage.create", Summary = "Create an image storage")]
public sealed record CreateImageStorage : CreateRequest, IValidated
{
    [NewId] public Id Id { get; init; }
    public override Id Target => Id;
    public required string Name { get; init; }
    public string? Description { get; init; }

    /// <summary>The driver: "local" is a directory of one host.</summary>
    public string Kind { get; init; } = "local";

    /// <summary>The host whose agent serves it (kind local).</summary>
    public required Id HostId { get; init; }

    /// <summary>Absolute path of the directory on that host.</summary>
    public required string Path { get; init; }

    public IEnumerable<FieldError> Validate() =>
        Rules.Name("name", Name).Concat(Rules.Description("description", Description)).Concat(Rules.Labels("labels", Labels)).Concat(StoragePath.Check("path", Path));
}

/// <summary>Deletes an image storage that holds no image; with cascade, its images as well.</summary>
[ApiRequest("DELETE", "image-storages/{id}", Permission = "image-storage.delete", Summary = "Delete an image storage")]
public sealed record DeleteImageStorage([property: FromRoute] Id Id) : DeleteRequest
{
    public override Id Target => Id;
}

/// <summary>Lets hosts of a data center use its images. Attached already: left as it is, and the operation succeeds.</summary>
[ApiRequest("POST", "image-storages/{id}:attach", Permission = "image-storage.attach", Summary = "Attach an image storage to a data center")]
public sealed record AttachImageStorageToDataCenter([property: FromRoute] Id Id) : Request
{
    public override Id Target => Id;
    public required Id DataCenterId { get; init; }
}

/// <summary>Its images are used in the data center no more; machines that were made from them stay. Not attached: the operation succeeds.</summary>
[ApiRequest("POST", "image-storages/{id}:detach", Permission = "image-storage.detach", Summary = "Detach an image storage from a data center")]
public sealed record DetachImageStorageFromDataCenter([property: FromRoute] Id Id) : DetachRequest
{
    public override Id Target => Id;
    public required Id DataCenterId { get; init; }
}

/// <summary>Takes an image in: by upload (the operation waits for the bytes), from a URL, or from a file of the image storage's host.</summary>
[ApiRequest("POST", "images", Permission = "image.create", Summary = "Create an image")]
public sealed record CreateImage : CreateRequest, IValidated
{
    [NewId] public Id Id { get; init; }
    public override Id Target => Id;
    public required string Name { get; init; }
    public string? Description { get; init; }
    public required ImageKind Kind { get; init; }

    /// <summary>Of what is given; a file of another format is refused.</summary>
    public required ImageFormat Format { get; init; }

    public Architecture Architecture { get; init; } = Architecture.X86_64;

    /// <summary>Null: the only image storage that is attached to a data center.</summary>
    public Id? ImageStorageId { get; init; }

    /// <summary>Exactly one of upload, url and file.</summary>
    public required ImageSource Source { get; init; }

    /// <summary>"sha256:" and 64 lower-case hex digits: what the given bytes must have.</summary>
    public string? Checksum { get; init; }

    /// <summary>What deleting it will do; null: as the setting of its kind says.</summary>
    public DeletionPolicy? DeletionPolicy { get; init; }

    public IEnumerable<FieldError> Validate() =>
        Rules.Name("name", Name).Concat(Rules.Description("description", Description)).Concat(Rules.Labels("labels", Labels))
            .Concat(ImageRules.Source("source", Source)).Concat(ImageRules.Checksum("checksum", Checksum));
}

/// <summary>Puts an image that no machine and no disk was made from into the recycle bin, or removes it, as its deletion policy says. One that is being taken in is cancelled and removed.</summary>
[ApiRequest("DELETE", "images/{id}", Permission = "image.delete", Summary = "Delete an image")]
public sealed record RemoveImage([property: FromRoute] Id Id) : DeleteRequest
{
    public override Id Target => Id;

    /// <summary>Remove at once, without the recycle bin.</summary>
    public bool Expunge { get; init; }
}

/// <summary>Takes an image out of the recycle bin. One that is not there is left as it is, and the operation succeeds.</summary>
[ApiRequest("POST", "images/{id}:recover", Permission = "image.recover", Summary = "Recover an image from the recycle bin")]
public sealed record RecoverImage([property: FromRoute] Id Id) : Request
{
    public override Id Target => Id;
}

/// <summary>Removes an image that is in the recycle bin for good.</summary>
[ApiRequest("POST", "images/{id}:expunge", Permission = "image.expunge", Summary = "Remove an image in the recycle bin for good")]
public sealed record ExpungeImage([property: FromRoute] Id Id) : Request, IRemovesTarget
{
    public override Id Target => Id;

    /// <summary>Only if it was to go by then; else it is left as it is, and the operation succeeds.</summary>
    public DateTimeOffset? IfDueBy { get; init; }
}
