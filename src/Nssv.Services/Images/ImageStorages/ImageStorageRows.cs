using Nssv.Contracts.Agent;
using Nssv.Contracts.Images;
using Nssv.Kernel;
using Nssv.Kernel.Calls;
using Nssv.Kernel.Cascade;
using Nssv.Kernel.Data;

namespace Nssv.Services.Images.ImageStorages;

/// <summary>Sets the state; a storage that is gone is left alone. Deleting is refused while it holds images.</summary>
internal sealed record SetImageStorage(Id ImageStorageId, ImageStorageState State) : Request<bool>
{
    public override Id Target => ImageStorageId;
    public StorageCapacity? Capacity { get; init; }
}

/// <summary>Removes the row with its links. Gone already is done.</summary>
internal sealed record ForgetImageStorage(Id ImageStorageId) : Request<bool>
{
    public override Id Target => ImageStorageId;
}

internal sealed class SetImageStorageTurn(References references) : CallTurn<SetImageStorage, bool>
{
    public override bool NaturallyKeyed => true;

    public override async ValueTask<Answer<bool>> Decide(SetImageStorage request, TurnContext turn)
    {
        if (await turn.Store.Find<ImageStorage>(request.ImageStorageId) is not { } storage)
            return Answer(false);
        if (request.State == ImageStorageState.Deleting)
            await references.MakeSureFree(storage);
        return Answer(true, new UnitOfWork().Update(storage, storage with
        {
            State = request.State,
            CapacityBytes = request.Capacity?.CapacityBytes ?? storage.CapacityBytes,
            AvailableBytes = request.Capacity?.AvailableBytes ?? storage.AvailableBytes,
        }));
    }
}

internal sealed class ForgetImageStorageTurn : CallTurn<ForgetImageStorage, bool>
{
    public override bool NaturallyKeyed => true;

    public override async ValueTask<Answer<bool>> Decide(ForgetImageStorage request, TurnContext turn)
    {
        if (await turn.Store.Find<ImageStorage>(request.ImageStorageId) is not { } storage)
            return Answer(false);
        var unit = new UnitOfWork();
        foreach (var link in await turn.Store.List<ImageStorageAttachment>(Condition.Equal(nameof(ImageStorageAttachment.ImageStorageId), storage.Id)))
            unit.Delete(link);
        return Answer(true, unit.Delete(storage));
    }
}
