using Nssv.Contracts.Compute;
using Nssv.Contracts.Storage;
using Nssv.Kernel;
using Nssv.Kernel.Calls;
using Nssv.Kernel.Data;
using Nssv.Kernel.Flows;
using Nssv.Services.Compute.Placement;

namespace Nssv.Services.Compute.VirtualMachines;

/// <summary>Context of flow "vm.start".</summary>
[FlowContext]
public sealed record VmStart : VmRun;

/// <summary>A machine that runs already is left as it is.</summary>
internal sealed class StartVirtualMachineTurn : AcceptTurn<StartVirtualMachine, VirtualMachine>
{
    public override ValueTask<Decision> Decide(StartVirtualMachine request, VirtualMachine vm, AcceptContext turn) => new(
        !VmStates.Allows(vm, VmAction.Start, out var problem) ? throw problem.AsException()
        : vm.State == VmState.Running ? Decision.Done()
        : Decision.Run("vm.start", new VmStart { VirtualMachineId = vm.Id }));
}

/// <summary>Looks once more whether the machine may start, counts the run, chooses the host and books it: one turn, one commit.</summary>
[Step("compute.begin-start")]
internal sealed class BeginStart : Step<VmStart>
{
    public override async Task Run(VmStart start, StepContext<VmStart> step)
    {
        var begun = await step.Call(new BeginRun(start.VirtualMachineId));
        step.Save(start with { HostId = begun.HostId, RunGeneration = begun.RunGeneration });
    }

    public override Task Undo(VmStart start, StepContext<VmStart> step) => step.Call(new RunEnded(start.VirtualMachineId, "start-failed"));
}

internal sealed record BeginRun(Id VirtualMachineId) : Request<RunBegun>
{
    public override Id Target => VirtualMachineId;
}

internal sealed record RunBegun(Id HostId, long RunGeneration);

internal sealed class BeginRunTurn : CallTurn<BeginRun, RunBegun>
{
    public override async ValueTask<Answer<RunBegun>> Decide(BeginRun request, TurnContext turn)
    {
        var vm = await turn.Store.Get<VirtualMachine>(request.VirtualMachineId);
        if (vm.State == VmState.Running)
            throw new Problem(409, "vm-wrong-state", "The virtual machine's state does not allow this.", $"'{vm.Name}' runs already.", "Nothing is left to do.").AsException();
        if (vm.State != VmState.Stopped)
            throw (VmStates.Allows(vm, VmAction.Start, out var problem) ? VmProblems.Busy(vm) : problem).AsException();
        var volumes = await turn.Store.List<Volume>(Condition.Equal(nameof(Volume.VirtualMachineId), vm.Id));
        var pinned = volumes.Select(v => v.HostId).Where(h => h is not null).Distinct().ToList();
        if (pinned.Count > 1)
            throw new Problem(409, "volumes-on-several-hosts", "The machine's disks are on different hosts.", $"'{vm.Name}' has disks on {pinned.Count} hosts.", "Detach those that are elsewhere.").AsException();
        var demand = new Demand(vm.CpuCount, vm.MemoryBytes, vm.Architecture, pinned.FirstOrDefault(), [.. volumes.Select(v => v.DataStorageId).Distinct()], 0);
        var hosts = await HostSnapshots.Of(turn.Store, vm.ClusterId);
        var plan = Placer.Place(demand, hosts);
        var host = hosts.FirstOrDefault(h => h.Host.Id == plan.HostId)?.Host ?? throw VmProblems.NoHostFits(plan).AsException();
        var after = vm with
        {
            State = VmState.Starting,
            StateChangedAt = turn.Now,
            StateReason = null,
            PowerIntent = PowerIntent.On,
            RunGeneration = vm.RunGeneration + 1,
            PlacementHostId = host.Id,
            HostId = host.Id,
        };
        var unit = new UnitOfWork().Observe(vm, after);
        return Answer(new RunBegun(host.Id, after.RunGeneration), unit.Book(host, vm.Id, vm.CpuCount, vm.MemoryBytes));
    }
}

/// <summary>It runs.</summary>
[Step("compute.finish-start")]
internal sealed class FinishStart : Step<VmStart>
{
    public override Task Run(VmStart start, StepContext<VmStart> step) =>
        step.Call(new VmDefined(start.VirtualMachineId, start.HostId!.Value, start.RunGeneration, start.Hardware, Running: true));

    public override Task Undo(VmStart start, StepContext<VmStart> step) => NothingToUndo("begin-start's undo writes the machine's state");
}

/// <summary>The machine does not run any more, and holds nothing of any host. True whatever it was before; a machine that is gone is left alone.</summary>
internal sealed record RunEnded(Id VirtualMachineId, string? Reason) : Request<bool>
{
    public override Id Target => VirtualMachineId;
}

internal sealed class RunEndedTurn : CallTurn<RunEnded, bool>
{
    public override bool NaturallyKeyed => true;

    public override async ValueTask<Answer<bool>> Decide(RunEnded request, TurnContext turn)
    {
        var vm = await turn.Store.Find<VirtualMachine>(request.VirtualMachineId);
        if (vm is null or { State: VmState.Deleting or VmState.Creating })
            return Answer(false);
        var after = vm with
        {
            State = VmState.Stopped,
            StateChangedAt = vm.State == VmState.Stopped ? vm.StateChangedAt : turn.Now,
            StateReason = request.Reason,
            PowerIntent = PowerIntent.Off,
            PlacementHostId = null,
        };
        return Answer(true, await new UnitOfWork().Observe(vm, after).Release(turn.Store, vm.Id));
    }
}
