using Nssv.Contracts.Compute;
using Nssv.Contracts.Storage;
using Nssv.Kernel;
using Nssv.Kernel.Calls;
using Nssv.Kernel.Data;
using Nssv.Kernel.Flows;
using Nssv.Services.Compute.Placement;

namespace Nssv.Services.Compute.VirtualMachines;

/// <summary>Context of flow "virtual-machine.start".</summary>
[FlowContext]
public sealed record VmStart : VmRun;

/// <summary>A machine that runs already is left as it is.</summary>
internal sealed class StartVirtualMachineTurn : AcceptTurn<StartVirtualMachine, VirtualMachine>
{
    public override ValueTask<Decision> Decide(StartVirtualMachine request, VirtualMachine vm, AcceptContext turn) => new(
        !VmStates.Allows(vm, VmAction.Start, out var problem) ? throw problem.AsException()
        : vm.State == VmState.Running ? Decision.Done()
        : Decision.Run("virtual-machine.start", new VmStart { VirtualMachineId = vm.Id }));
}

/// <summary>Looks once more whether the machine may start, counts the run, chooses the host and books it: one turn, one commit.</summary>
[Step("compute.begin-start")]
internal sealed class BeginStart(PlacementRules rules) : Step<VmStart>
{
    public override async Task Run(VmStart start, StepContext<VmStart> step)
    {
        var begun = await step.Call(new BeginRun(start.VirtualMachineId, await rules.Refusals(step.Store, start.VirtualMachineId, step.Cancelled)));
        step.Save(start with { HostId = begun.HostId, RunGeneration = begun.RunGeneration });
    }

    public override Task Undo(VmStart start, StepContext<VmStart> step) => step.Call(new RunTakenBack(start.VirtualMachineId, start.RunGeneration));
}

/// <summary>Ends the run that a start has begun, and no other: the step may be taken back though it never began one, and the machine runs by an earlier start.</summary>
/// <param name="RunGeneration">Of the run; 0 when the step did not come so far as to save it.</param>
internal sealed record RunTakenBack(Id VirtualMachineId, long RunGeneration) : Request<bool>
{
    public override Id Target => VirtualMachineId;
}

internal sealed class RunTakenBackTurn : CallTurn<RunTakenBack, bool>
{
    public override bool NaturallyKeyed => true;

    public override async ValueTask<Answer<bool>> Decide(RunTakenBack request, TurnContext turn)
    {
        var vm = await turn.Store.Find<VirtualMachine>(request.VirtualMachineId);
        // The operation holds the machine's claim, so a machine that is Starting is so by this start.
        var isOurs = vm is not null && (request.RunGeneration == 0 ? vm.State == VmState.Starting : vm.RunGeneration == request.RunGeneration);
        return isOurs ? Answer(true, await RunEndedTurn.End(vm!, "start-failed", turn)) : Answer(false);
    }
}

/// <param name="Refused">Hosts that a rule of placement keeps it from.</param>
internal sealed record BeginRun(Id VirtualMachineId, IReadOnlyList<RefusedHost> Refused) : Request<RunBegun>
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
        var holding = volumes.Select(v => v.HostId).Where(h => h is not null).Distinct().ToList();
        if (holding.Count > 1)
            throw new Problem(409, "volumes-on-several-hosts", "The machine's disks are on different hosts.", $"'{vm.Name}' has disks on {holding.Count} hosts.", "Detach those that are elsewhere.").AsException();
        var demand = new Demand(vm.CpuCount, vm.MemoryBytes, vm.Architecture, holding.FirstOrDefault(), [.. volumes.Select(v => v.DataStorageId).Distinct()], 0, PinnedHost.Of(vm), request.Refused);
        var hosts = await HostSnapshots.Of(turn.Store, vm.ClusterId, demand);
        var plan = Placer.Place(demand, hosts);
        var host = hosts.FirstOrDefault(h => h.Host.Id == plan.HostId)?.Host ?? throw (await VmProblems.NoHostFits(plan, demand, vm, turn.Store)).AsException();
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
        return Answer(true, await End(vm, request.Reason, turn));
    }

    internal static async Task<UnitOfWork> End(VirtualMachine vm, string? reason, TurnContext turn)
    {
        var after = vm with
        {
            State = VmState.Stopped,
            StateChangedAt = vm.State == VmState.Stopped ? vm.StateChangedAt : turn.Now,
            StateReason = reason,
            PowerIntent = PowerIntent.Off,
            PlacementHostId = null,
        };
        return await new UnitOfWork().Observe(vm, after).Release(turn.Store, vm.Id);
    }
}
