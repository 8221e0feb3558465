using Nssv.Contracts.Agent;
using Nssv.Contracts.Compute;
using Nssv.Contracts.Storage;
using Nssv.Kernel;
using Nssv.Kernel.Calls;
using Nssv.Kernel.Data;
using Nssv.Kernel.Deletion;
using Nssv.Kernel.Flows;

namespace Nssv.Services.Storage.Volumes;

/// <summary>Context of flow "volume.delete".</summary>
[FlowContext]
public sealed record VolumeDelete
{
    public required Id VolumeId { get; init; }
    public required Id DataStorageId { get; init; }
    public Id? HostId { get; init; }

    /// <summary>Since when it was in the recycle bin, when that is why it goes: one that was recovered meanwhile stays. Null: it goes in any case.</summary>
    public DateTimeOffset? RecycledAt { get; init; }
}

/// <summary>A volume of a machine is deleted only by that machine's own deletion.</summary>
internal sealed class DeleteVolumeTurn(DeletionRules rules) : AcceptTurn<DeleteVolume, Volume>
{
    public override async ValueTask<Decision> Decide(DeleteVolume request, Volume volume, AcceptContext turn)
    {
        if (volume.VirtualMachineId is { } vmId && turn.ParentOperation is null)
        {
            var vm = await turn.Store.Find<VirtualMachine>(vmId);
            throw new Problem(409, "volume-in-use", "The volume is attached to a virtual machine.",
                $"Volume '{volume.Name}' is attached to '{vm?.Name}'.", volume.Role == VolumeRole.Root
                    ? $"It is the disk that the machine boots from, which goes with the machine: DELETE /api/v1/virtual-machines/{vmId}."
                    : $"Detach it first (POST /api/v1/volumes/{volume.Id}:detach), or delete the machine with its disks: DELETE /api/v1/virtual-machines/{vmId}.").AsException();
        }

        var policy = rules.Of(volume, VolumeDeletion.Policy);
        if (!request.Expunge && policy != DeletionPolicy.Immediate)
            return volume.State == VolumeState.Recycled ? Decision.Done() : Decision.Run("volume.recycle", new VolumeRecycle { VolumeId = volume.Id, Policy = policy });
        return Decision.Run("volume.delete", new VolumeDelete { VolumeId = volume.Id, DataStorageId = volume.DataStorageId, HostId = volume.HostId });
    }
}

/// <summary>Shows that the volume is going; once it is, nothing can attach it.</summary>
[Step("storage.begin-delete-volume")]
internal sealed class BeginDeleteVolume : Step<VolumeDelete>
{
    public override Task Run(VolumeDelete delete, StepContext<VolumeDelete> step) =>
        step.Call(new SetVolumeState(delete.VolumeId, VolumeState.Deleting, MustBeFree: step.Operation.ParentId is null, delete.RecycledAt));

    public override Task Undo(VolumeDelete delete, StepContext<VolumeDelete> step) => step.Call(new SetVolumeState(delete.VolumeId, VolumeState.Ready, MustBeFree: false, null));
}

internal sealed record SetVolumeState(Id VolumeId, VolumeState State, bool MustBeFree, DateTimeOffset? RecycledAt) : Request<bool>
{
    public override Id Target => VolumeId;
}

internal sealed class SetVolumeStateTurn : CallTurn<SetVolumeState, bool>
{
    public override bool NaturallyKeyed => true;

    public override async ValueTask<Answer<bool>> Decide(SetVolumeState request, TurnContext turn)
    {
        var volume = await turn.Store.Find<Volume>(request.VolumeId);
        if (volume is null)
            return Answer(false);
        if (request.MustBeFree && volume.VirtualMachineId is not null)
            throw new Problem(409, "volume-in-use", "The volume is attached to a virtual machine.", $"Volume '{volume.Name}' was attached meanwhile.", "Detach it first.").AsException();
        if (request.RecycledAt is { } at && volume.DeletedAt != at)
            throw RecycleProblems.NotRecycled(volume).AsException();
        // A deletion that is given up leaves it where it was.
        var state = request.State == VolumeState.Ready && volume.DeletedAt is not null ? VolumeState.Recycled : request.State;
        return Answer(true, new UnitOfWork().Observe(volume, volume with { State = state }));
    }
}

[Step("storage.delete-layers")]
internal sealed class DeleteLayersStep : Step<VolumeDelete>
{
    public override Id? Host(VolumeDelete delete) => delete.HostId;

    public override async Task Run(VolumeDelete delete, StepContext<VolumeDelete> step)
    {
        if (delete.HostId is null)
            return;
        foreach (var layer in await Layers.ChildrenFirst(step.Store, delete.VolumeId))
            await step.Command(new DeleteLayer(layer.DataStorageId, layer.Id));
    }

    public override Task Undo(VolumeDelete delete, StepContext<VolumeDelete> step) => NothingToUndo("bytes that are gone do not come back: it is the point of no return");
}

[Step("storage.finish-delete-volume")]
internal sealed class FinishDeleteVolume : Step<VolumeDelete>
{
    public override Task Run(VolumeDelete delete, StepContext<VolumeDelete> step) => step.Call(new RemoveVolume(delete.VolumeId));

    public override Task Undo(VolumeDelete delete, StepContext<VolumeDelete> step) => NothingToUndo("it is past the point of no return");
}
