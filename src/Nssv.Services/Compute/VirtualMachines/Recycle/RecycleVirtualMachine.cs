using Nssv.Contracts.Compute;
using Nssv.Contracts.Network;
using Nssv.Contracts.Platform;
using Nssv.Contracts.Storage;
using Nssv.Kernel;
using Nssv.Kernel.Calls;
using Nssv.Kernel.Data;
using Nssv.Kernel.Deletion;
using Nssv.Kernel.Flows;
using Nssv.Kernel.Settings;
using Nssv.Services.Compute.Placement;

namespace Nssv.Services.Compute.VirtualMachines;

[SettingGroup]
internal static class VirtualMachineDeletion
{
    public static ChoiceSetting<DeletionPolicy> Policy { get; } = new("deletion.virtualMachine", "Deletion of virtual machines",
        "What deleting a virtual machine does unless it has a policy of its own.", DeletionPolicy.Delayed);
}

/// <summary>Context of flow "virtual-machine.recycle".</summary>
[FlowContext]
public sealed record VmRecycle : VmStop
{
    public required DeletionPolicy Policy { get; init; }
}

/// <summary>Shows that the machine stops, if it runs. One that is gone by now, or in the recycle bin, is done.</summary>
[Step("compute.begin-recycle")]
internal sealed class BeginRecycle : Step<VmRecycle>
{
    public override async Task Run(VmRecycle recycle, StepContext<VmRecycle> step)
    {
        if (await step.Store.Find<VirtualMachine>(recycle.VirtualMachineId) is null or { State: VmState.Recycled })
        {
            step.Save(recycle with { HostId = null });
            return;
        }

        var begun = await step.Call(new BeginStopping(recycle.VirtualMachineId));
        step.Save(recycle with { HostId = begun.HostId, StateBefore = begun.StateBefore });
    }

    public override Task Undo(VmRecycle recycle, StepContext<VmRecycle> step) => step.Call(new StopGivenUp(recycle.VirtualMachineId, recycle.StateBefore ?? VmState.Running));
}

/// <summary>It does not run any more: it goes into the recycle bin, with its disks, cards and definition as they are, and holds nothing of any host but their room.</summary>
[Step("compute.finish-recycle")]
internal sealed class FinishRecycle : Step<VmRecycle>
{
    public override Task Run(VmRecycle recycle, StepContext<VmRecycle> step) => step.Call(new RecycleVm(recycle.VirtualMachineId, recycle.Policy, step.Operation.CreatedBy));

    public override Task Undo(VmRecycle recycle, StepContext<VmRecycle> step) => NothingToUndo("it is the last step and only writes what is true");
}

internal sealed record RecycleVm(Id VirtualMachineId, DeletionPolicy Policy, Id DeletedBy) : Request<bool>
{
    public override Id Target => VirtualMachineId;
}

internal sealed class RecycleVmTurn(DeletionRules rules) : CallTurn<RecycleVm, bool>
{
    public override bool NaturallyKeyed => true;

    public override async ValueTask<Answer<bool>> Decide(RecycleVm request, TurnContext turn)
    {
        var vm = await turn.Store.Find<VirtualMachine>(request.VirtualMachineId);
        if (vm is null or { State: VmState.Recycled })
            return Answer(false);
        if (vm.State is not (VmState.Stopping or VmState.Stopped))
            throw VmProblems.Busy(vm).AsException();
        var disks = await turn.Store.List<Volume>(Condition.Equal(nameof(Volume.VirtualMachineId), vm.Id));
        var cards = await turn.Store.Count<NetworkInterface>(Condition.Equal(nameof(NetworkInterface.VirtualMachineId), vm.Id));
        var after = vm with
        {
            State = VmState.Recycled,
            StateChangedAt = turn.Now,
            StateReason = null,
            PowerIntent = PowerIntent.Off,
            PlacementHostId = null,
            DeletedAt = turn.Now,
            ExpungeAt = rules.ExpungeAt(request.Policy, turn.Now),
        };
        var item = RecycleBin.Item(turn.Ids.Next(), vm, "virtual-machine", request.DeletedBy, turn.Now, after.ExpungeAt, disks.Sum(disk => disk.SizeBytes)) with
        {
            DiskCount = disks.Count,
            AddressCount = (int)cards,
        };
        return Answer(true, await new UnitOfWork().Observe(vm, after).Insert(item).Release(turn.Store, vm.Id));
    }
}
