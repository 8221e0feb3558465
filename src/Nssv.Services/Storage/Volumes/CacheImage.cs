using Nssv.Contracts.Agent;
using Nssv.Contracts.Images;
using Nssv.Contracts.Inventory;
using Nssv.Contracts.Storage;
using Nssv.Kernel;
using Nssv.Kernel.Calls;
using Nssv.Kernel.Data;
using Nssv.Kernel.Flows;

namespace Nssv.Services.Storage.Volumes;

/// <summary>
/// The image's copy on the host, a base layer that all its volumes there share. Made once; a second volume that comes meanwhile asks the host for the same copy.
/// </summary>
[Step("storage.cache-image")]
internal sealed class CacheImageStep : Step<VolumeMake>
{
    public override Id? Host(VolumeMake make) => make.HostId;

    public override async Task Run(VolumeMake make, StepContext<VolumeMake> step)
    {
        var layer = await Find(step.Store, make.ImageId!.Value, make.DataStorageId, make.HostId!.Value)
            ?? await step.Call(new AddBaseLayer(make.ImageId.Value, make.DataStorageId, make.HostId.Value));
        if (layer.State == LayerState.Deleting)
            throw Going(layer.Id).AsException();

        if (layer.State != LayerState.Ready)
        {
            var storage = await step.Store.Get<ImageStorage>(make.ImageStorageId!.Value);
            var source = storage.HostId == make.HostId ? null : (await step.Store.Get<Host>(storage.HostId)).AgentUrl;
            await step.Command(new CacheImage(make.DataStorageId, layer.Id, storage.Id, make.ImageId.Value, source));
            try
            {
                await step.Call(new BaseLayerReady(make.ImageId.Value, layer.Id));
            }
            catch (ProblemException)
            {
                // Removed while the command was on its way to the host: what it made there belongs to nobody.
                if (await step.Store.Find<VolumeLayer>(layer.Id) is null)
                    await step.Command(new DeleteLayer(make.DataStorageId, layer.Id));
                throw;
            }
        }

        step.Save(make with { BaseLayerId = layer.Id });
    }

    /// <summary>A copy that is whole serves the next volume of this image, and goes with the image; one that was not finished goes now.</summary>
    public override async Task Undo(VolumeMake make, StepContext<VolumeMake> step)
    {
        if (make.HostId is not { } hostId || await Find(step.Store, make.ImageId!.Value, make.DataStorageId, hostId) is not { State: LayerState.Creating } layer)
            return;
        try
        {
            await step.Start(new DropCachedLayer(layer.Id));
        }
        catch (ProblemException)
        {
            // Another volume is being built on it, or its removal waits for the host as an operation of its own: either way it is accounted for.
        }
    }

    /// <summary>Worth another try: a new copy is made when the old one has gone.</summary>
    internal static Problem Going(Id layerId) =>
        new(503, "image-copy-going", "The image's copy on the host is just being removed.", $"Layer {layerId} is being deleted.", "Repeat the request in a moment.");

    internal static async ValueTask<VolumeLayer?> Find(IStore store, Id imageId, Id dataStorageId, Id hostId) =>
        await store.First<VolumeLayer>(
            Condition.Equal(nameof(VolumeLayer.ImageId), imageId), Condition.Equal(nameof(VolumeLayer.HostId), hostId),
            Condition.Equal(nameof(VolumeLayer.DataStorageId), dataStorageId), Condition.Equal(nameof(VolumeLayer.Role), LayerRole.ImageBase));
}

/// <summary>Runs on the image, so that there is one copy for a host and a storage.</summary>
internal sealed record AddBaseLayer(Id ImageId, Id DataStorageId, Id HostId) : Request<VolumeLayer>
{
    public override Id Target => ImageId;
}

internal sealed class AddBaseLayerTurn : CallTurn<AddBaseLayer, VolumeLayer>
{
    public override bool NaturallyKeyed => true;

    public override async ValueTask<Answer<VolumeLayer>> Decide(AddBaseLayer request, TurnContext turn)
    {
        if (await CacheImageStep.Find(turn.Store, request.ImageId, request.DataStorageId, request.HostId) is { } there)
            return Answer(there);
        var image = await turn.Store.Get<Image>(request.ImageId);
        if (image.State != ImageState.Ready)
            throw new Problem(409, "image-not-ready", "The image cannot be used.", $"Image '{image.Name}' is {image.State.ToString().ToLowerInvariant()}.", "Choose another one.").AsException();
        var layer = new VolumeLayer
        {
            Id = turn.Ids.Next(),
            ProjectId = image.ProjectId,
            CreatedBy = image.CreatedBy,
            CreatedAt = turn.Now,
            UpdatedAt = turn.Now,
            Version = 1,
            DataStorageId = request.DataStorageId,
            HostId = request.HostId,
            ImageId = image.Id,
            Role = LayerRole.ImageBase,
            Format = VolumeFormat.Qcow2,
            SizeBytes = image.VirtualSizeBytes,
            Immutable = true,
            State = LayerState.Creating,
        };
        return Answer(layer, new UnitOfWork().Insert(layer));
    }
}

internal sealed record BaseLayerReady(Id ImageId, Id LayerId) : Request<bool>
{
    public override Id Target => ImageId;
}

internal sealed class BaseLayerReadyTurn : CallTurn<BaseLayerReady, bool>
{
    public override bool NaturallyKeyed => true;

    public override async ValueTask<Answer<bool>> Decide(BaseLayerReady request, TurnContext turn)
    {
        if (await turn.Store.Find<VolumeLayer>(request.LayerId) is not { State: not LayerState.Deleting } layer)
            throw CacheImageStep.Going(request.LayerId).AsException();
        return layer.State == LayerState.Creating
            ? Answer(true, new UnitOfWork().Observe(layer, layer with { State = LayerState.Ready }))
            : Answer(false);
    }
}
