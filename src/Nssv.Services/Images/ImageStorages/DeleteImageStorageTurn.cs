using Nssv.Contracts.Agent;
using Nssv.Contracts.Images;
using Nssv.Contracts.Inventory;
using Nssv.Kernel;
using Nssv.Kernel.Calls;
using Nssv.Kernel.Cascade;
using Nssv.Kernel.Flows;

namespace Nssv.Services.Images.ImageStorages;

/// <summary>Context of "image-storage.delete".</summary>
[FlowContext]
internal sealed record ImageStorageDelete
{
    public required Id ImageStorageId { get; init; }
    public required Id HostId { get; init; }

    /// <summary>Its state before, for undo.</summary>
    public required ImageStorageState Before { get; init; }

    /// <summary>The host still counts: it must forget the storage.</summary>
    public required bool OnHost { get; init; }
}

internal sealed class DeleteImageStorageTurn(References references) : AcceptTurn<DeleteImageStorage, ImageStorage>
{
    public override async ValueTask<Decision> Decide(DeleteImageStorage request, ImageStorage storage, AcceptContext turn)
    {
        await references.MakeSureFree(storage);
        var host = await turn.Store.Get<Host>(storage.HostId);
        return Decision.Run("image-storage.delete", new ImageStorageDelete
        {
            ImageStorageId = storage.Id,
            HostId = host.Id,
            Before = storage.State,
            OnHost = !host.IsGivenUp(),
        });
    }
}

/// <summary>From here on no image is taken in there.</summary>
[Step("image-storage.close")]
internal sealed class CloseImageStorage : Step<ImageStorageDelete>
{
    public override Task Run(ImageStorageDelete delete, StepContext<ImageStorageDelete> step) =>
        step.Call(new SetImageStorage(delete.ImageStorageId, ImageStorageState.Deleting));

    public override Task Undo(ImageStorageDelete delete, StepContext<ImageStorageDelete> step) =>
        step.Call(new SetImageStorage(delete.ImageStorageId, delete.Before));
}

[Step("image-storage.disconnect")]
internal sealed class DisconnectImageStorage : Step<ImageStorageDelete>
{
    public override Id? Host(ImageStorageDelete delete) => delete.HostId;

    public override Task Run(ImageStorageDelete delete, StepContext<ImageStorageDelete> step) => step.Command(new DetachImageStorage(delete.ImageStorageId));

    public override async Task Undo(ImageStorageDelete delete, StepContext<ImageStorageDelete> step)
    {
        if (await step.Store.Find<ImageStorage>(delete.ImageStorageId) is { } storage)
            await step.Command(new AttachImageStorage(storage.Id, storage.Kind, storage.Path));
    }
}

[Step("image-storage.forget")]
internal sealed class RemoveImageStorageRow : Step<ImageStorageDelete>
{
    public override Task Run(ImageStorageDelete delete, StepContext<ImageStorageDelete> step) => step.Call(new ForgetImageStorage(delete.ImageStorageId));

    public override Task Undo(ImageStorageDelete delete, StepContext<ImageStorageDelete> step) => NothingToUndo("the last step: it either removed the row, and the flow has succeeded, or it did not");
}
