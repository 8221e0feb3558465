using Nssv.Contracts.Storage;
using Nssv.Kernel.Calls;
using Nssv.Kernel.Cascade;

namespace Nssv.Services.Storage.DataStorages;

/// <summary>The link to a cluster goes by detaching: hosts forget the storage, and copies of images there are removed.</summary>
internal sealed class DataStorageAttachmentCascade : ICascadedKind
{
    public string Kind => "data-storage-attachment";

    public CascadeAction Action => CascadeAction.Detach;

    public Request Remove(CascadeRow row) =>
        new DetachDataStorageFromCluster(row.Reference(nameof(DataStorageAttachment.DataStorageId))) { ClusterId = row.Reference(nameof(DataStorageAttachment.ClusterId)) };
}
