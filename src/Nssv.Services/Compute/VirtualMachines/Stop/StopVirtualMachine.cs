using System.Text.Json.Nodes;
using Nssv.Contracts.Agent;
using Nssv.Contracts.Compute;
using Nssv.Kernel;
using Nssv.Kernel.Calls;
using Nssv.Kernel.Data;
using Nssv.Kernel.Flows;
using Nssv.Services.Compute.Placement;

namespace Nssv.Services.Compute.VirtualMachines;

/// <summary>Context of flows "virtual-machine.stop" and "virtual-machine.force-stop", and of what stops on its way.</summary>
[FlowContext]
public record VmStop
{
    public required Id VirtualMachineId { get; init; }
    public required int GraceSeconds { get; init; }

    /// <summary>Where it runs; null once it is known that it runs nowhere.</summary>
    public Id? HostId { get; init; }

    /// <summary>The state to show again when the stop is given up; null until it has begun.</summary>
    public VmState? StateBefore { get; init; }
}

/// <summary>A machine that is stopped is left as it is, and the operation succeeds: asking twice does no harm.</summary>
internal sealed class StopVirtualMachineTurn : AcceptTurn<StopVirtualMachine, VirtualMachine>
{
    public override ValueTask<Decision> Decide(StopVirtualMachine request, VirtualMachine vm, AcceptContext turn) => new(
        !VmStates.Allows(vm, VmAction.Stop, out var problem) ? throw problem.AsException()
        : vm.State == VmState.Stopped ? Decision.Done()
        : Decision.Run(request.Force ? "virtual-machine.force-stop" : "virtual-machine.stop", new VmStop
        {
            VirtualMachineId = vm.Id,
            GraceSeconds = request.Force ? 0 : request.GraceSeconds,
            HostId = vm.HostId,
        }));
}

/// <summary>Shows that the machine is stopping, and that it is meant to.</summary>
[Step("compute.begin-stop")]
internal sealed class BeginStop : Step<VmStop>
{
    public override async Task Run(VmStop stop, StepContext<VmStop> step)
    {
        var begun = await step.Call(new BeginStopping(stop.VirtualMachineId));
        step.Save(stop with { HostId = begun.HostId, StateBefore = begun.StateBefore });
    }

    public override Task Undo(VmStop stop, StepContext<VmStop> step) => step.Call(new StopGivenUp(stop.VirtualMachineId, stop.StateBefore ?? VmState.Running));
}

internal sealed record BeginStopping(Id VirtualMachineId) : Request<StoppingBegun>
{
    public override Id Target => VirtualMachineId;
}

/// <param name="HostId">Where it runs; null when it runs nowhere.</param>
internal sealed record StoppingBegun(Id? HostId, VmState StateBefore);

internal sealed class BeginStoppingTurn : CallTurn<BeginStopping, StoppingBegun>
{
    public override async ValueTask<Answer<StoppingBegun>> Decide(BeginStopping request, TurnContext turn)
    {
        var vm = await turn.Store.Get<VirtualMachine>(request.VirtualMachineId);
        if (vm.State == VmState.Stopped)
            return Answer(new StoppingBegun(null, vm.State));
        if (!VmStates.Allows(vm, VmAction.Stop, out var problem))
            throw problem.AsException();
        var after = vm with { State = VmState.Stopping, StateChangedAt = turn.Now, StateReason = null, PowerIntent = PowerIntent.Off };
        return Answer(new StoppingBegun(vm.PlacementHostId ?? vm.HostId, vm.State), new UnitOfWork().Observe(vm, after));
    }
}

/// <summary>A stop was cancelled or could not be done: the machine is what it was, unless its guest has gone meanwhile.</summary>
internal sealed record StopGivenUp(Id VirtualMachineId, VmState StateBefore) : Request<bool>
{
    public override Id Target => VirtualMachineId;
}

internal sealed class StopGivenUpTurn : CallTurn<StopGivenUp, bool>
{
    public override bool NaturallyKeyed => true;

    public override async ValueTask<Answer<bool>> Decide(StopGivenUp request, TurnContext turn)
    {
        var vm = await turn.Store.Find<VirtualMachine>(request.VirtualMachineId);
        if (vm is not { State: VmState.Stopping })
            return Answer(false);
        if (vm.SeenEnded < vm.RunGeneration)
            return Answer(true, new UnitOfWork().Observe(vm, vm with { State = request.StateBefore, StateChangedAt = turn.Now, PowerIntent = PowerIntent.On }));
        var ended = vm with { State = VmState.Stopped, StateChangedAt = turn.Now, PlacementHostId = null };
        return Answer(true, await new UnitOfWork().Observe(vm, ended).Release(turn.Store, vm.Id));
    }
}

/// <summary>Asks the guest, waits, and turns the machine off when it has not gone by then; the result says which of the two it was, where that is known.</summary>
[Step("compute.stop-domain")]
internal sealed class StopDomainStep : Step<VmStop>
{
    public override Id? Host(VmStop stop) => stop.HostId;

    public override async Task Run(VmStop stop, StepContext<VmStop> step)
    {
        if (stop.HostId is not null)
        {
            var stopped = await step.Command(new StopDomain(stop.VirtualMachineId, stop.GraceSeconds));
            if (stopped.Forced is { } forced)
                step.Result(new JsonObject { ["forced"] = forced });
        }
    }

    public override Task Undo(VmStop stop, StepContext<VmStop> step) => NothingToUndo("a guest that was asked to go, or is gone, cannot be told otherwise; its host reports what became of it");
}

/// <summary>Turns the machine off at once, also while a graceful stop waits for the guest.</summary>
[Step("compute.kill-domain")]
internal sealed class KillDomainStep : Step<VmStop>
{
    public override Id? Host(VmStop stop) => stop.HostId;

    public override async Task Run(VmStop stop, StepContext<VmStop> step)
    {
        if (stop.HostId is not null)
            await step.Command(new KillDomain(stop.VirtualMachineId));
    }

    public override Task Undo(VmStop stop, StepContext<VmStop> step) => NothingToUndo("what is off cannot be told otherwise; its host reports what became of it");
}

/// <summary>The host has confirmed that it does not run: only now is the host's hold on it given up.</summary>
[Step("compute.finish-stop")]
internal sealed class FinishStop : Step<VmStop>
{
    public override Task Run(VmStop stop, StepContext<VmStop> step) => step.Call(new RunEnded(stop.VirtualMachineId, null));

    public override Task Undo(VmStop stop, StepContext<VmStop> step) => NothingToUndo("it is the last step and only writes what is true");
}
