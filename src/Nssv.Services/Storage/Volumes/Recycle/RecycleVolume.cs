using Nssv.Contracts.Platform;
using Nssv.Contracts.Storage;
using Nssv.Kernel;
using Nssv.Kernel.Calls;
using Nssv.Kernel.Data;
using Nssv.Kernel.Deletion;
using Nssv.Kernel.Flows;
using Nssv.Kernel.Settings;

namespace Nssv.Services.Storage.Volumes;

[SettingGroup]
internal static class VolumeDeletion
{
    public static ChoiceSetting<DeletionPolicy> Policy { get; } = new("deletion.volume", "Deletion of volumes",
        "What deleting a free volume does unless it has a policy of its own. The disks of a virtual machine are deleted with it, by its policy.", DeletionPolicy.Delayed);
}

/// <summary>Context of flow "volume.recycle".</summary>
[FlowContext]
public sealed record VolumeRecycle
{
    public required Id VolumeId { get; init; }
    public required DeletionPolicy Policy { get; init; }
}

/// <summary>The volume goes into the recycle bin with its layers as they are. One that is gone by now, or there already, is done.</summary>
[Step("storage.recycle-volume")]
internal sealed class RecycleVolumeStep : Step<VolumeRecycle>
{
    public override Task Run(VolumeRecycle recycle, StepContext<VolumeRecycle> step) => step.Call(new PutVolumeIntoRecycleBin(recycle.VolumeId, recycle.Policy, step.Operation.CreatedBy));

    public override Task Undo(VolumeRecycle recycle, StepContext<VolumeRecycle> step) => NothingToUndo("it is the only step, one turn");
}

internal sealed record PutVolumeIntoRecycleBin(Id VolumeId, DeletionPolicy Policy, Id DeletedBy) : Request<bool>
{
    public override Id Target => VolumeId;
}

internal sealed class PutVolumeIntoRecycleBinTurn(DeletionRules rules) : CallTurn<PutVolumeIntoRecycleBin, bool>
{
    public override bool NaturallyKeyed => true;

    public override async ValueTask<Answer<bool>> Decide(PutVolumeIntoRecycleBin request, TurnContext turn)
    {
        var volume = await turn.Store.Find<Volume>(request.VolumeId);
        if (volume is null or { State: VolumeState.Recycled })
            return Answer(false);
        if (volume.VirtualMachineId is not null)
            throw new Problem(409, "volume-in-use", "The volume is attached to a virtual machine.", $"Volume '{volume.Name}' was attached meanwhile.", "Detach it first.").AsException();
        if (volume.State != VolumeState.Ready)
            throw new Problem(409, "volume-not-ready", "The volume cannot be deleted now.", $"Volume '{volume.Name}' is {volume.State.ToString().ToLowerInvariant()}.", "Wait for the operation that works on it.").AsException();
        var after = volume with { State = VolumeState.Recycled, DeletedAt = turn.Now, ExpungeAt = rules.ExpungeAt(request.Policy, turn.Now) };
        return Answer(true, new UnitOfWork().Observe(volume, after).Insert(RecycleBin.Item(turn.Ids.Next(), volume, "volume", request.DeletedBy, turn.Now, after.ExpungeAt, volume.SizeBytes)));
    }
}

internal sealed class RecoverVolumeTurn : AcceptTurn<RecoverVolume, Volume>
{
    public override async ValueTask<Decision> Decide(RecoverVolume request, Volume volume, AcceptContext turn)
    {
        if (volume.DeletedAt is null)
            return Decision.Done();
        if (volume.State != VolumeState.Recycled)
            throw new Problem(409, "volume-not-ready", "The volume cannot be recovered now.", $"Volume '{volume.Name}' is {volume.State.ToString().ToLowerInvariant()}.", "It is being removed.").AsException();
        return Decision.Done(await new UnitOfWork().Observe(volume, volume with { State = VolumeState.Ready, DeletedAt = null, ExpungeAt = null }).TakeOutOfRecycleBin(turn.Store, volume.Id));
    }
}

internal sealed class ExpungeVolumeTurn : AcceptTurn<ExpungeVolume, Volume>
{
    public override ValueTask<Decision> Decide(ExpungeVolume request, Volume volume, AcceptContext turn) => new(
        RecycleBin.MayGo(volume, request.IfDueBy)
            ? Decision.Run("volume.delete", new VolumeDelete { VolumeId = volume.Id, DataStorageId = volume.DataStorageId, HostId = volume.HostId, RecycledAt = volume.DeletedAt })
        : request.IfDueBy is not null ? Decision.Done()
        : throw RecycleProblems.NotRecycled(volume).AsException());
}

internal sealed class RecycledVolumes(DeletionRules rules) : IRecycledKind
{
    public string Kind => "volume";

    public DeletionPolicy PolicyOf(IRecyclable resource) => rules.Of(resource, VolumeDeletion.Policy);

    public Request Expunge(Id id, DateTimeOffset ifDueBy) => new ExpungeVolume(id) { IfDueBy = ifDueBy };
}
