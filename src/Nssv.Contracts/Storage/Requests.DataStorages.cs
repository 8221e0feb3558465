using Nssv.Kernel;
using Nssv.Kernel.Calls;
using Nssv.Kernel.Cascade;

namespace Nssv.Contracts.Storage;

/// <summary>Makes a data storage known; hosts use it once it is attached to their cluster.</summary>
[ApiRequest("POST", "data-storages", Permission = "data-storage.create", Summary = "Create a data storage")]
public sealed record CreateDataStorage : CreateRequest, IValidated
{
    [NewId] public Id Id { get; init; }
    public override Id Target => Id;
    public required string Name { get; init; }
    public string? Description { get; init; }
    public required Id DataCenterId { get; init; }

    /// <summary>The driver: "local" is a directory of the same path on each host.</summary>
    public string Kind { get; init; } = "local";

    /// <summary>Absolute path of the directory on the hosts (kind local).</summary>
    public required string Path { get; init; }

    public IEnumerable<FieldError> Validate() =>
        Rules.Name("name", Name).Concat(Rules.Description("description", Description)).Concat(Rules.Labels("labels", Labels));
}

/// <summary>Deletes a data storage that is attached to no cluster and holds nothing; with cascade, free volumes and links as well.</summary>
[ApiRequest("DELETE", "data-storages/{id}", Permission = "data-storage.delete", Summary = "Delete a data storage")]
public sealed record DeleteDataStorage([property: FromRoute] Id Id) : DeleteRequest
{
    public override Id Target => Id;
}

/// <summary>Lets the hosts of a cluster use it. Attached already: left as it is, and the operation succeeds.</summary>
[ApiRequest("POST", "data-storages/{id}:attach", Permission = "data-storage.attach", Summary = "Attach a data storage to a cluster")]
public sealed record AttachDataStorageToCluster([property: FromRoute] Id Id) : Request
{
    public override Id Target => Id;
    public required Id ClusterId { get; init; }
}

/// <summary>Takes it from the hosts of a cluster; refused while they keep disks in it. Not attached: left as it is, and the operation succeeds.</summary>
[ApiRequest("POST", "data-storages/{id}:detach", Permission = "data-storage.detach", Summary = "Detach a data storage from a cluster")]
public sealed record DetachDataStorageFromCluster([property: FromRoute] Id Id) : DetachRequest
{
    public override Id Target => Id;
    public required Id ClusterId { get; init; }
}

/// <summary>
/// Brings the data storages of its cluster to a host that has become connected: those it has no row for, and those that are not connected on it.
/// The operation succeeds also when a storage cannot be had there; its row then says why.
/// </summary>
public sealed record PrepareHostStorages(Id HostId) : Request, IPermissioned
{
    public override Id Target => HostId;
    public string Permission => "host.prepare-storages";
}

/// <summary>How many data storages <see cref="PrepareHostStorages"/> would bring to the host; 0 means that it need not be asked for.</summary>
public sealed record CountStoragesToPrepare(Id HostId) : Request<int>
{
    public override Id Target => HostId;
}

/// <summary>Removes an image's copy from a host's data storage, unless a disk is built on it. Gone already is done.</summary>
public sealed record DropCachedLayer(Id LayerId) : Request, IPermissioned
{
    public override Id Target => LayerId;
    public string Permission => "volume-layer.drop-cached";
}
