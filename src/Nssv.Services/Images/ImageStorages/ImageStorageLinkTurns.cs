using Nssv.Contracts.Images;
using Nssv.Contracts.Inventory;
using Nssv.Kernel;
using Nssv.Kernel.Calls;
using Nssv.Kernel.Cascade;
using Nssv.Kernel.Data;

namespace Nssv.Services.Images.ImageStorages;

internal sealed class AttachImageStorageTurn : AcceptTurn<AttachImageStorageToDataCenter, ImageStorage>
{
    public override async ValueTask<Decision> Decide(AttachImageStorageToDataCenter request, ImageStorage storage, AcceptContext turn)
    {
        await turn.Store.Referred<DataCenter>(request.DataCenterId, "dataCenterId");
        if (storage.State == ImageStorageState.Deleting)
            throw new Problem(409, "image-storage-deleting", "The image storage is being deleted.", $"Image storage '{storage.Name}' is being deleted.", "Choose another image storage.").AsException();
        return await ImageStorageLinks.Find(turn.Store, storage.Id, request.DataCenterId) is not null
            ? Decision.Done()
            : Decision.Done(new UnitOfWork().Insert(new ImageStorageAttachment
            {
                Id = turn.Ids.Next(),
                ProjectId = storage.ProjectId,
                CreatedBy = turn.Caller.AccountId,
                CreatedAt = turn.Now,
                UpdatedAt = turn.Now,
                Version = 1,
                ImageStorageId = storage.Id,
                DataCenterId = request.DataCenterId,
            }));
    }
}

internal sealed class DetachImageStorageTurn : AcceptTurn<DetachImageStorageFromDataCenter, ImageStorage>
{
    public override async ValueTask<Decision> Decide(DetachImageStorageFromDataCenter request, ImageStorage storage, AcceptContext turn) =>
        await ImageStorageLinks.Find(turn.Store, storage.Id, request.DataCenterId) is { } link ? Decision.Done(new UnitOfWork().Delete(link)) : Decision.Done();
}

internal static class ImageStorageLinks
{
    public static ValueTask<ImageStorageAttachment?> Find(IStore store, Id storageId, Id dataCenterId) =>
        store.First<ImageStorageAttachment>(
            Condition.Equal(nameof(ImageStorageAttachment.ImageStorageId), storageId), Condition.Equal(nameof(ImageStorageAttachment.DataCenterId), dataCenterId));
}
