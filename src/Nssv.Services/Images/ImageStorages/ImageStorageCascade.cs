using Nssv.Contracts.Images;
using Nssv.Kernel.Calls;
using Nssv.Kernel.Cascade;

namespace Nssv.Services.Images.ImageStorages;

/// <summary>The link to a data center goes by detaching.</summary>
internal sealed class ImageStorageAttachmentCascade : ICascadedKind
{
    public string Kind => "image-storage-attachment";

    public CascadeAction Action => CascadeAction.Detach;

    public Request Remove(CascadeRow row) =>
        new DetachImageStorageFromDataCenter(row.Reference(nameof(ImageStorageAttachment.ImageStorageId))) { DataCenterId = row.Reference(nameof(ImageStorageAttachment.DataCenterId)) };
}

/// <summary>An image storage goes with its host, but not while a data center that stays uses it.</summary>
internal sealed class ImageStorageCascade : ICascadeHook
{
    public string Kind => "image-storage";

    public async ValueTask<CascadeFindings> Look(CascadeLook look, CancellationToken cancel)
    {
        var used = await look.Store.Select(
            "SELECT a.image_storage_id, s.name, a.data_center_id, d.name FROM image_storage_attachments a JOIN image_storages s ON s.id = a.image_storage_id " +
            "JOIN data_centers d ON d.id = a.data_center_id WHERE a.image_storage_id {in0} ORDER BY a.id",
            [look.Ids], row => (Id: Kernel.Id.Parse(row.GetString(0)), Name: row.GetString(1), DataCenterId: Kernel.Id.Parse(row.GetString(2)), DataCenter: row.GetString(3)));
        return new()
        {
            Hindrances = [.. used.Where(use => !look.Goes(use.DataCenterId)).Select(use => new CascadeHindrance(
                Kind, use.Id, use.Name, $"image storage '{use.Name}' is attached to data center '{use.DataCenter}', which stays.", $"Detach the image storage from that data center first: POST /api/v1/image-storages/{use.Id}:detach {{\"dataCenterId\":\"{use.DataCenterId}\"}}"))],
        };
    }
}
