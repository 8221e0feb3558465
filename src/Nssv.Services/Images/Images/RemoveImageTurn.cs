using Nssv.Contracts.Agent;
using Nssv.Contracts.Images;
using Nssv.Contracts.Inventory;
using Nssv.Contracts.Storage;
using Nssv.Kernel;
using Nssv.Kernel.Calls;
using Nssv.Kernel.Cascade;
using Nssv.Kernel.Data;
using Nssv.Kernel.Deletion;
using Nssv.Kernel.Flows;

namespace Nssv.Services.Images.Images;

/// <summary>Context of "image.delete".</summary>
[FlowContext]
internal sealed record ImageDelete
{
    public required Id ImageId { get; init; }
    public required Id ImageStorageId { get; init; }
    public required Id HostId { get; init; }

    /// <summary>Its state before, for undo.</summary>
    public required ImageState Before { get; init; }

    /// <summary>The host still counts: the file is removed there.</summary>
    public required bool OnHost { get; init; }

    /// <summary>Copies on hosts, found when nothing new could be made from the image any more.</summary>
    public IReadOnlyList<Id> CopyIds { get; init; } = [];

    /// <summary>Since when it was in the recycle bin, when that is why it goes: one that was recovered meanwhile stays. Null: it goes in any case.</summary>
    public DateTimeOffset? RecycledAt { get; init; }
}

internal sealed class RemoveImageTurn(References references, DeletionRules rules) : AcceptTurn<RemoveImage, Image>
{
    public const string InUse = "image-in-use";

    public override async ValueTask<Decision> Decide(RemoveImage request, Image image, AcceptContext turn)
    {
        await references.MakeSureFree(image, InUse);
        var policy = ImageDeletion.PolicyOf(image, rules);
        if (!request.Expunge && policy != DeletionPolicy.Immediate)
            return image.State == ImageState.Recycled ? Decision.Done() : Decision.Run("image.recycle", new ImageRecycle { ImageId = image.Id, Policy = policy });
        return Decision.Run("image.delete", await Delete(image, turn.Store));
    }

    public static async ValueTask<ImageDelete> Delete(Image image, IStore store)
    {
        var storage = await store.Get<ImageStorage>(image.ImageStorageId);
        var host = await store.Get<Host>(storage.HostId);
        return new ImageDelete { ImageId = image.Id, ImageStorageId = storage.Id, HostId = host.Id, Before = image.State, OnHost = !host.IsGivenUp() };
    }
}

/// <summary>From here on nothing new is made from it.</summary>
[Step("image.close")]
internal sealed class CloseImage : Step<ImageDelete>
{
    public override async Task Run(ImageDelete delete, StepContext<ImageDelete> step) =>
        step.Save(delete with { CopyIds = await step.Call(new BeginImageDelete(delete.ImageId, delete.RecycledAt)) });

    public override Task Undo(ImageDelete delete, StepContext<ImageDelete> step) => step.Call(new ReopenImage(delete.ImageId, delete.Before));
}

/// <summary>An image whose deletion failed is as it was.</summary>
internal sealed record ReopenImage(Id ImageId, ImageState Before) : Request<bool>
{
    public override Id Target => ImageId;
}

internal sealed class ReopenImageTurn : CallTurn<ReopenImage, bool>
{
    public override bool NaturallyKeyed => true;

    public override async ValueTask<Answer<bool>> Decide(ReopenImage request, TurnContext turn) =>
        await turn.Store.Find<Image>(request.ImageId) is { State: ImageState.Deleting } image
            ? Answer(true, new UnitOfWork().Update(image, image with { State = request.Before }))
            : Answer(false);
}

/// <summary>Removes the copies that hosts keep, each by an operation of its own on the layer.</summary>
[Step("image.drop-copies")]
internal sealed class DropCopies : Step<ImageDelete>
{
    public override async Task Run(ImageDelete delete, StepContext<ImageDelete> step)
    {
        // The list is a saved one, so that a repeat after a crash finds the same children by the same numbers.
        foreach (var layer in delete.CopyIds)
        {
            try
            {
                await step.Start(new DropCachedLayer(layer));
            }
            catch (ProblemException e) when (e.Problem.Status == 404)
            {
                // Gone already.
            }
        }
    }

    public override Task Undo(ImageDelete delete, StepContext<ImageDelete> step) => NothingToUndo("a copy is made again when a machine needs it");
}

/// <summary>The bytes go: the point of no return.</summary>
[Step("image.delete-file")]
internal sealed class DeleteImageFile : Step<ImageDelete>
{
    public override Id? Host(ImageDelete delete) => delete.HostId;

    public override Task Run(ImageDelete delete, StepContext<ImageDelete> step) => step.Command(new DeleteImage(delete.ImageStorageId, delete.ImageId));

    public override Task Undo(ImageDelete delete, StepContext<ImageDelete> step) => NothingToUndo("deleted bytes do not come back; the flow goes forward from here");
}

[Step("image.forget")]
internal sealed class RemoveImageRow : Step<ImageDelete>
{
    public override Task Run(ImageDelete delete, StepContext<ImageDelete> step) => step.Call(new ForgetImage(delete.ImageId));

    public override Task Undo(ImageDelete delete, StepContext<ImageDelete> step) => NothingToUndo("the flow goes forward from here");
}
