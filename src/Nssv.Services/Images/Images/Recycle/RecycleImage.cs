using Nssv.Contracts.Images;
using Nssv.Contracts.Platform;
using Nssv.Kernel;
using Nssv.Kernel.Calls;
using Nssv.Kernel.Cascade;
using Nssv.Kernel.Data;
using Nssv.Kernel.Deletion;
using Nssv.Kernel.Flows;
using Nssv.Kernel.Settings;

namespace Nssv.Services.Images.Images;

[SettingGroup]
internal static class ImageDeletion
{
    public static ChoiceSetting<DeletionPolicy> Policy { get; } = new("deletion.image", "Deletion of images",
        "What deleting an image does unless it has a policy of its own.", DeletionPolicy.Delayed);

    /// <summary>What is not whole yet is nothing to come back to.</summary>
    public static DeletionPolicy PolicyOf(Image image, DeletionRules rules) => image.State is ImageState.Ready or ImageState.Recycled ? rules.Of(image, Policy) : DeletionPolicy.Immediate;
}

/// <summary>Context of flow "image.recycle".</summary>
[FlowContext]
public sealed record ImageRecycle
{
    public required Id ImageId { get; init; }
    public required DeletionPolicy Policy { get; init; }
}

/// <summary>The image goes into the recycle bin with its file as it is: nothing new is made from it. One that is gone by now, or there already, is done.</summary>
[Step("image.recycle")]
internal sealed class RecycleImageStep : Step<ImageRecycle>
{
    public override Task Run(ImageRecycle recycle, StepContext<ImageRecycle> step) => step.Call(new PutImageIntoRecycleBin(recycle.ImageId, recycle.Policy, step.Operation.CreatedBy));

    public override Task Undo(ImageRecycle recycle, StepContext<ImageRecycle> step) => NothingToUndo("it is the only step, one turn");
}

internal sealed record PutImageIntoRecycleBin(Id ImageId, DeletionPolicy Policy, Id DeletedBy) : Request<bool>
{
    public override Id Target => ImageId;
}

internal sealed class PutImageIntoRecycleBinTurn(References references, DeletionRules rules) : CallTurn<PutImageIntoRecycleBin, bool>
{
    public override bool NaturallyKeyed => true;

    public override async ValueTask<Answer<bool>> Decide(PutImageIntoRecycleBin request, TurnContext turn)
    {
        var image = await turn.Store.Find<Image>(request.ImageId);
        if (image is null or { State: ImageState.Recycled })
            return Answer(false);
        if (image.State != ImageState.Ready)
            throw ImageRecycling.Busy(image).AsException();
        await references.MakeSureFree(image, RemoveImageTurn.InUse);
        var after = image with { State = ImageState.Recycled, DeletedAt = turn.Now, ExpungeAt = rules.ExpungeAt(request.Policy, turn.Now) };
        return Answer(true, new UnitOfWork()
            .Execute("images", BeginImageDeleteTurn.StillFree, 1, image.Id)
            .Observe(image, after)
            .Insert(RecycleBin.Item(turn.Ids.Next(), image, "image", request.DeletedBy, turn.Now, after.ExpungeAt, image.StoredSizeBytes)));
    }
}

internal sealed class RecoverImageTurn : AcceptTurn<RecoverImage, Image>
{
    public override async ValueTask<Decision> Decide(RecoverImage request, Image image, AcceptContext turn)
    {
        if (image.DeletedAt is null)
            return Decision.Done();
        if (image.State != ImageState.Recycled)
            throw ImageRecycling.Busy(image).AsException();
        return Decision.Done(await new UnitOfWork().Observe(image, image with { State = ImageState.Ready, DeletedAt = null, ExpungeAt = null }).TakeOutOfRecycleBin(turn.Store, image.Id));
    }
}

internal sealed class ExpungeImageTurn : AcceptTurn<ExpungeImage, Image>
{
    public override async ValueTask<Decision> Decide(ExpungeImage request, Image image, AcceptContext turn) =>
        RecycleBin.MayGo(image, request.IfDueBy) ? Decision.Run("image.delete", await RemoveImageTurn.Delete(image, turn.Store) with { RecycledAt = image.DeletedAt })
        : request.IfDueBy is not null ? Decision.Done()
        : throw RecycleProblems.NotRecycled(image).AsException();
}

internal sealed class RecycledImages(DeletionRules rules) : IRecycledKind
{
    public string Kind => "image";

    public DeletionPolicy PolicyOf(IRecyclable resource) => ImageDeletion.PolicyOf((Image)resource, rules);

    public Request Expunge(Id id, DateTimeOffset ifDueBy) => new ExpungeImage(id) { IfDueBy = ifDueBy };
}

internal static class ImageRecycling
{
    public static Problem Busy(Image image) => new(
        409, "image-not-ready", "The image's state does not allow this.", $"Image '{image.Name}' is {image.State.ToString().ToLowerInvariant()}.", "Wait for the operation that works on it.");
}
