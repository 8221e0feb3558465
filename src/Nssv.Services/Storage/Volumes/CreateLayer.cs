using Nssv.Contracts.Agent;
using Nssv.Contracts.Storage;
using Nssv.Kernel;
using Nssv.Kernel.Calls;
using Nssv.Kernel.Data;
using Nssv.Kernel.Flows;

namespace Nssv.Services.Storage.Volumes;

/// <summary>Makes the layer that the guest writes: an overlay on the image's copy, or an empty one.</summary>
[Step("storage.create-layer")]
internal sealed class CreateLayerStep : Step<VolumeMake>
{
    public override Id? Host(VolumeMake make) => make.HostId;

    public override async Task Run(VolumeMake make, StepContext<VolumeMake> step)
    {
        await step.Call(new PlaceVolume(make.VolumeId, make.HostId!.Value, make.BaseLayerId));
        await step.Command(new CreateLayer(
            make.DataStorageId, make.LayerId, make.Format, make.SizeBytes, make.BaseLayerId, make.BaseLayerId is null ? null : VolumeFormat.Qcow2));
        await step.Call(new VolumeReady(make.VolumeId));
    }

    public override Task Undo(VolumeMake make, StepContext<VolumeMake> step) => step.Command(new DeleteLayer(make.DataStorageId, make.LayerId));
}

/// <summary>Says where a volume's bytes will be, and on what they rest, before anything is made there.</summary>
internal sealed record PlaceVolume(Id VolumeId, Id HostId, Id? BaseLayerId) : Request<bool>
{
    public override Id Target => VolumeId;
}

internal sealed class PlaceVolumeTurn : CallTurn<PlaceVolume, bool>
{
    public override bool NaturallyKeyed => true;

    public override async ValueTask<Answer<bool>> Decide(PlaceVolume request, TurnContext turn)
    {
        var volume = await turn.Store.Get<Volume>(request.VolumeId);
        if (volume.HostId == request.HostId)
            return Answer(false);
        var place = await VolumePlaces.MakeSure(turn.Store, request.HostId, volume.DataStorageId, request.BaseLayerId);
        var layer = await turn.Store.Get<VolumeLayer>(volume.ActiveLayerId!.Value);
        var unit = new UnitOfWork()
            .Observe(volume, volume with { HostId = request.HostId })
            .Observe(layer, layer with { HostId = request.HostId, ParentLayerId = request.BaseLayerId })
            .OnlyOnConnectedStorage(place);
        return Answer(true, request.BaseLayerId is { } parent ? unit.OnlyOnReadyLayer(parent) : unit);
    }
}

internal sealed record VolumeReady(Id VolumeId) : Request<bool>
{
    public override Id Target => VolumeId;
}

internal sealed class VolumeReadyTurn : CallTurn<VolumeReady, bool>
{
    public override bool NaturallyKeyed => true;

    public override async ValueTask<Answer<bool>> Decide(VolumeReady request, TurnContext turn)
    {
        var volume = await turn.Store.Get<Volume>(request.VolumeId);
        if (volume.State != VolumeState.Creating)
            return Answer(false);
        var layer = await turn.Store.Get<VolumeLayer>(volume.ActiveLayerId!.Value);
        return Answer(true, new UnitOfWork()
            .Observe(volume, volume with { State = VolumeState.Ready })
            .Observe(layer, layer with { State = LayerState.Ready }));
    }
}

internal sealed class RemoveVolumeTurn : CallTurn<RemoveVolume, bool>
{
    public override bool NaturallyKeyed => true;

    public override async ValueTask<Answer<bool>> Decide(RemoveVolume request, TurnContext turn)
    {
        var volume = await turn.Store.Find<Volume>(request.VolumeId);
        if (volume is null)
            return Answer(false);
        var unit = new UnitOfWork();
        foreach (var layer in await Layers.ChildrenFirst(turn.Store, volume.Id))
            unit.Delete(layer);
        return Answer(true, unit.Delete(volume));
    }
}

internal static class Layers
{
    /// <summary>A volume's layers in an order in which they can be deleted: none before its children.</summary>
    public static async ValueTask<IReadOnlyList<VolumeLayer>> ChildrenFirst(IStore store, Id volumeId)
    {
        var left = (await store.List<VolumeLayer>(Condition.Equal(nameof(VolumeLayer.VolumeId), volumeId))).ToList();
        var ordered = new List<VolumeLayer>();
        while (left.Count > 0)
        {
            var leaf = left.First(l => left.TrueForAll(other => other.ParentLayerId != l.Id));
            left.Remove(leaf);
            ordered.Add(leaf);
        }

        return ordered;
    }
}
