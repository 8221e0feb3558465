using Nssv.Contracts.Agent;
using Nssv.Contracts.Images;
using Nssv.Contracts.Platform;
using Nssv.Kernel;
using Nssv.Kernel.Calls;
using Nssv.Kernel.Cascade;
using Nssv.Kernel.Data;
using Nssv.Kernel.Deletion;

namespace Nssv.Services.Images.Images;

/// <summary>Sets the state; an image that is gone is left alone.</summary>
internal sealed record SetImageState(Id ImageId, ImageState State) : Request<bool>
{
    public override Id Target => ImageId;
}

internal sealed record SetImageReady(Id ImageId, ImportedImage Imported) : Request<bool>
{
    public override Id Target => ImageId;
}

/// <summary>The host has all bytes of an upload.</summary>
internal sealed record UploadArrived(Id ImageId) : Request<bool>
{
    public override Id Target => ImageId;
}

/// <summary>Refuses new uses from here on; refused itself while there are any. The answer: copies of the image on hosts.</summary>
internal sealed record BeginImageDelete(Id ImageId, DateTimeOffset? RecycledAt) : Request<IReadOnlyList<Id>>
{
    public override Id Target => ImageId;
}

/// <summary>Removes the row. Gone already is done.</summary>
internal sealed record ForgetImage(Id ImageId) : Request<bool>
{
    public override Id Target => ImageId;
}

internal sealed class SetImageStateTurn : CallTurn<SetImageState, bool>
{
    public override bool NaturallyKeyed => true;

    public override async ValueTask<Answer<bool>> Decide(SetImageState request, TurnContext turn) =>
        await turn.Store.Find<Image>(request.ImageId) is { } image ? Answer(true, new UnitOfWork().Update(image, image with { State = request.State })) : Answer(false);
}

internal sealed class SetImageReadyTurn : CallTurn<SetImageReady, bool>
{
    public override bool NaturallyKeyed => true;

    public override async ValueTask<Answer<bool>> Decide(SetImageReady request, TurnContext turn)
    {
        var image = await turn.Store.Get<Image>(request.ImageId);
        return Answer(true, new UnitOfWork().Update(image, image with
        {
            State = ImageState.Ready,
            VirtualSizeBytes = request.Imported.VirtualSizeBytes,
            StoredSizeBytes = request.Imported.StoredSizeBytes,
            Sha256 = request.Imported.Sha256,
            SourceQuery = null,
        }));
    }
}

internal sealed class UploadArrivedTurn : CallTurn<UploadArrived, bool>
{
    public override bool NaturallyKeyed => true;

    public override async ValueTask<Answer<bool>> Decide(UploadArrived request, TurnContext turn)
    {
        var image = await turn.Store.Get<Image>(request.ImageId);
        return image.State == ImageState.Uploading ? Answer(true, new UnitOfWork().Update(image, image with { State = ImageState.Importing })) : Answer(false);
    }
}

internal sealed class BeginImageDeleteTurn(References references) : CallTurn<BeginImageDelete, IReadOnlyList<Id>>
{
    public const string StillFree =
        "UPDATE images SET version = version WHERE id = @p0 " +
        "AND NOT EXISTS (SELECT 1 FROM virtual_machines WHERE image_id = @p0) AND NOT EXISTS (SELECT 1 FROM volumes WHERE image_id = @p0)";

    public override bool NaturallyKeyed => true;

    public override async ValueTask<Answer<IReadOnlyList<Id>>> Decide(BeginImageDelete request, TurnContext turn)
    {
        if (await turn.Store.Find<Image>(request.ImageId) is not { } image)
            return Answer<IReadOnlyList<Id>>([]);
        if (request.RecycledAt is { } at && image.DeletedAt != at)
            throw RecycleProblems.NotRecycled(image).AsException();
        await references.MakeSureFree(image, RemoveImageTurn.InUse);
        var copies = await turn.Store.List<Contracts.Storage.VolumeLayer>(Condition.Equal(nameof(Contracts.Storage.VolumeLayer.ImageId), image.Id));

        // The condition is looked at again when the unit is written: a machine made at this moment makes the turn decide anew.
        return Answer<IReadOnlyList<Id>>([.. copies.Select(layer => layer.Id)], new UnitOfWork()
            .Execute("images", StillFree, 1, image.Id)
            .Update(image, image with { State = ImageState.Deleting }));
    }

    private static Answer<T> Answer<T>(T result, UnitOfWork? unit = null) => new(result, unit ?? new UnitOfWork());
}

internal sealed class ForgetImageTurn : CallTurn<ForgetImage, bool>
{
    public override bool NaturallyKeyed => true;

    public override async ValueTask<Answer<bool>> Decide(ForgetImage request, TurnContext turn) =>
        await turn.Store.Find<Image>(request.ImageId) is { } image ? Answer(true, (await new UnitOfWork().TakeOutOfRecycleBin(turn.Store, image.Id)).Delete(image)) : Answer(false);
}
