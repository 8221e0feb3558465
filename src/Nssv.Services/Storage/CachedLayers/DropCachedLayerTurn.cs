using Nssv.Contracts.Agent;
using Nssv.Contracts.Inventory;
using Nssv.Contracts.Storage;
using Nssv.Kernel;
using Nssv.Kernel.Calls;
using Nssv.Kernel.Cascade;
using Nssv.Kernel.Data;
using Nssv.Kernel.Flows;

namespace Nssv.Services.Storage.CachedLayers;

/// <summary>Context of "volume-layer.drop-cached".</summary>
[FlowContext]
internal sealed record CachedLayerDrop
{
    public required Id LayerId { get; init; }
    public required Id DataStorageId { get; init; }
    public required Id HostId { get; init; }

    /// <summary>Its state before, for undo.</summary>
    public required LayerState Before { get; init; }

    /// <summary>The host still counts: the file is removed there.</summary>
    public required bool OnHost { get; init; }
}

internal sealed class DropCachedLayerTurn(References references) : AcceptTurn<DropCachedLayer, VolumeLayer>
{
    public override async ValueTask<Decision> Decide(DropCachedLayer request, VolumeLayer layer, AcceptContext turn)
    {
        if (layer.Role != LayerRole.ImageBase || layer.HostId is not { } hostId)
            throw new Problem(409, "layer-not-cached", "The layer is no copy of an image.", $"Layer {layer.Id} belongs to a disk.", "Delete the disk instead.").AsException();
        await references.MakeSureFree(layer, "layer-in-use");
        var host = await turn.Store.Get<Host>(hostId);
        return Decision.Run("volume-layer.drop-cached", new CachedLayerDrop
        {
            LayerId = layer.Id,
            DataStorageId = layer.DataStorageId,
            HostId = hostId,
            Before = layer.State,
            OnHost = !host.IsGivenUp(),
        });
    }
}

/// <summary>From here on no disk is built on it.</summary>
[Step("layer.close")]
internal sealed class CloseLayer : Step<CachedLayerDrop>
{
    public override Task Run(CachedLayerDrop drop, StepContext<CachedLayerDrop> step) => step.Call(new CloseCachedLayer(drop.LayerId));

    public override Task Undo(CachedLayerDrop drop, StepContext<CachedLayerDrop> step) => step.Call(new ReopenCachedLayer(drop.LayerId, drop.Before));
}

[Step("layer.delete-file")]
internal sealed class DeleteLayerFile : Step<CachedLayerDrop>
{
    public override Id? Host(CachedLayerDrop drop) => drop.HostId;

    public override Task Run(CachedLayerDrop drop, StepContext<CachedLayerDrop> step) => step.Command(new DeleteLayer(drop.DataStorageId, drop.LayerId));

    public override Task Undo(CachedLayerDrop drop, StepContext<CachedLayerDrop> step) => NothingToUndo("deleted bytes do not come back; the flow goes forward from here");
}

[Step("layer.forget")]
internal sealed class ForgetLayer : Step<CachedLayerDrop>
{
    public override Task Run(CachedLayerDrop drop, StepContext<CachedLayerDrop> step) => step.Call(new ForgetCachedLayer(drop.LayerId));

    public override Task Undo(CachedLayerDrop drop, StepContext<CachedLayerDrop> step) => NothingToUndo("the flow goes forward from here");
}

/// <summary>State Deleting, unless a disk is built on the copy. Gone already is done.</summary>
internal sealed record CloseCachedLayer(Id LayerId) : Request<bool>
{
    public override Id Target => LayerId;
}

/// <summary>A copy whose removal failed is as it was.</summary>
internal sealed record ReopenCachedLayer(Id LayerId, LayerState Before) : Request<bool>
{
    public override Id Target => LayerId;
}

internal sealed record ForgetCachedLayer(Id LayerId) : Request<bool>
{
    public override Id Target => LayerId;
}

internal sealed class CloseCachedLayerTurn(References references) : CallTurn<CloseCachedLayer, bool>
{
    private const string StillFree =
        "UPDATE volume_layers SET version = version WHERE id = @p0 AND NOT EXISTS (SELECT 1 FROM volume_layers c WHERE c.parent_layer_id = @p0)";

    public override bool NaturallyKeyed => true;

    public override async ValueTask<Answer<bool>> Decide(CloseCachedLayer request, TurnContext turn)
    {
        if (await turn.Store.Find<VolumeLayer>(request.LayerId) is not { } layer)
            return Answer(false);
        await references.MakeSureFree(layer, "layer-in-use");
        return Answer(true, new UnitOfWork().Execute("volume_layers", StillFree, 1, layer.Id).Update(layer, layer with { State = LayerState.Deleting }));
    }
}

internal sealed class ReopenCachedLayerTurn : CallTurn<ReopenCachedLayer, bool>
{
    public override bool NaturallyKeyed => true;

    public override async ValueTask<Answer<bool>> Decide(ReopenCachedLayer request, TurnContext turn) =>
        await turn.Store.Find<VolumeLayer>(request.LayerId) is { State: LayerState.Deleting } layer
            ? Answer(true, new UnitOfWork().Update(layer, layer with { State = request.Before }))
            : Answer(false);
}

internal sealed class ForgetCachedLayerTurn : CallTurn<ForgetCachedLayer, bool>
{
    public override bool NaturallyKeyed => true;

    public override async ValueTask<Answer<bool>> Decide(ForgetCachedLayer request, TurnContext turn) =>
        await turn.Store.Find<VolumeLayer>(request.LayerId) is { } layer ? Answer(true, new UnitOfWork().Delete(layer)) : Answer(false);
}
