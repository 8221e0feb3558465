using Nssv.Contracts.Agent;
using Nssv.Contracts.Compute;
using Nssv.Contracts.Storage;
using Nssv.Kernel;
using Nssv.Kernel.Calls;
using Nssv.Kernel.Data;
using Nssv.Kernel.Deletion;
using Nssv.Kernel.Flows;

namespace Nssv.Services.Compute.VirtualMachines;

/// <summary>Context of flow "virtual-machine.delete".</summary>
[FlowContext]
public sealed record VmDelete
{
    public required Id VirtualMachineId { get; init; }

    /// <summary>Where its domain is defined; set by the first step, null when it has none.</summary>
    public Id? HostId { get; init; }

    /// <summary>The state to show again when the deletion is given up.</summary>
    public VmState StateBefore { get; init; }

    /// <summary>Since when it was in the recycle bin, when that is why it goes: one that was recovered meanwhile stays. Null: it goes in any case.</summary>
    public DateTimeOffset? RecycledAt { get; init; }
}

/// <summary>Into the recycle bin, or away at once. One that is in the recycle bin already is left there, and the operation succeeds.</summary>
internal sealed class DeleteVirtualMachineTurn(DeletionRules rules) : AcceptTurn<DeleteVirtualMachine, VirtualMachine>
{
    public override ValueTask<Decision> Decide(DeleteVirtualMachine request, VirtualMachine vm, AcceptContext turn)
    {
        if (!VmStates.Allows(vm, VmAction.Delete, out var problem))
            throw problem.AsException();
        var policy = rules.Of(vm, VirtualMachineDeletion.Policy);
        return new(request.Expunge || policy == DeletionPolicy.Immediate ? Decision.Run("virtual-machine.delete", new VmDelete { VirtualMachineId = vm.Id })
            : vm.State == VmState.Recycled ? Decision.Done()
            : Decision.Run("virtual-machine.recycle", new VmRecycle { VirtualMachineId = vm.Id, GraceSeconds = 0, HostId = vm.HostId, Policy = policy }));
    }
}

/// <summary>Shows that the machine is going. One that has gone meanwhile (its creation failed) is done.</summary>
[Step("compute.begin-delete")]
internal sealed class BeginDelete : Step<VmDelete>
{
    public override async Task Run(VmDelete delete, StepContext<VmDelete> step)
    {
        var begun = await step.Call(new BeginDeletion(delete.VirtualMachineId, delete.RecycledAt));
        step.Save(delete with { HostId = begun.HostId, StateBefore = begun.StateBefore });
    }

    public override Task Undo(VmDelete delete, StepContext<VmDelete> step) => step.Call(new DeletionGivenUp(delete.VirtualMachineId, delete.StateBefore));
}

internal sealed record BeginDeletion(Id VirtualMachineId, DateTimeOffset? RecycledAt) : Request<DeletionBegun>
{
    public override Id Target => VirtualMachineId;
}

internal sealed record DeletionBegun(Id? HostId, VmState StateBefore);

internal sealed class BeginDeletionTurn : CallTurn<BeginDeletion, DeletionBegun>
{
    public override async ValueTask<Answer<DeletionBegun>> Decide(BeginDeletion request, TurnContext turn)
    {
        var vm = await turn.Store.Find<VirtualMachine>(request.VirtualMachineId);
        if (vm is null)
            return Answer(new DeletionBegun(null, VmState.Stopped));
        if (!VmStates.Allows(vm, VmAction.Delete, out var problem))
            throw problem.AsException();
        if (request.RecycledAt is { } at && vm.DeletedAt != at)
            throw RecycleProblems.NotRecycled(vm).AsException();
        return Answer(
            new DeletionBegun(vm.PlacementHostId ?? vm.HostId, vm.State),
            new UnitOfWork().Observe(vm, vm with { State = VmState.Deleting, StateChangedAt = turn.Now, StateReason = null, PowerIntent = PowerIntent.Off }));
    }
}

internal sealed record DeletionGivenUp(Id VirtualMachineId, VmState StateBefore) : Request<bool>
{
    public override Id Target => VirtualMachineId;
}

internal sealed class DeletionGivenUpTurn : CallTurn<DeletionGivenUp, bool>
{
    public override bool NaturallyKeyed => true;

    public override async ValueTask<Answer<bool>> Decide(DeletionGivenUp request, TurnContext turn)
    {
        var vm = await turn.Store.Find<VirtualMachine>(request.VirtualMachineId);
        return vm is { State: VmState.Deleting }
            ? Answer(true, new UnitOfWork().Observe(vm, vm with
            {
                State = request.StateBefore,
                StateChangedAt = turn.Now,
                PowerIntent = request.StateBefore is VmState.Running or VmState.Paused ? PowerIntent.On : PowerIntent.Off,
            }))
            : Answer(false);
    }
}

/// <summary>Turns the machine off and takes its definition away. From here on there is no way back.</summary>
[Step("compute.remove-domain")]
internal sealed class RemoveDomainStep : Step<VmDelete>
{
    public override Id? Host(VmDelete delete) => delete.HostId;

    public override async Task Run(VmDelete delete, StepContext<VmDelete> step)
    {
        if (delete.HostId is not null)
            await step.Command(new RemoveDomain(delete.VirtualMachineId));
    }

    public override Task Undo(VmDelete delete, StepContext<VmDelete> step) => NothingToUndo("it is the point of no return");
}

/// <summary>Deletes its disks, each by an operation of its own that claims the volume.</summary>
[Step("compute.delete-volumes")]
internal sealed class DeleteVolumesStep : Step<VmDelete>
{
    public override async Task Run(VmDelete delete, StepContext<VmDelete> step)
    {
        foreach (var volume in await step.Store.List<Volume>(Condition.Equal(nameof(Volume.VirtualMachineId), delete.VirtualMachineId)))
            await step.Start(new DeleteVolume(volume.Id) { Expunge = true });
    }

    public override Task Undo(VmDelete delete, StepContext<VmDelete> step) => NothingToUndo("it is past the point of no return");
}

[Step("compute.finish-delete")]
internal sealed class FinishDelete : Step<VmDelete>
{
    public override Task Run(VmDelete delete, StepContext<VmDelete> step) => step.Call(new RemoveVm(delete.VirtualMachineId));

    public override Task Undo(VmDelete delete, StepContext<VmDelete> step) => NothingToUndo("it is past the point of no return");
}
