using Nssv.Contracts.Agent;
using Nssv.Contracts.Compute;
using Nssv.Kernel;
using Nssv.Kernel.Calls;
using Nssv.Kernel.Data;
using Nssv.Kernel.Flows;

namespace Nssv.Services.Compute.VirtualMachines;

/// <summary>Context of flows "virtual-machine.reboot", "virtual-machine.pause" and "virtual-machine.resume".</summary>
[FlowContext]
public sealed record VmPower
{
    public required Id VirtualMachineId { get; init; }

    /// <summary>"reboot", "pause" or "resume".</summary>
    public required string Action { get; init; }

    public bool Force { get; init; }

    /// <summary>Where it runs; set by the first step.</summary>
    public Id? HostId { get; init; }
}

internal sealed class RebootVirtualMachineTurn : AcceptTurn<RebootVirtualMachine, VirtualMachine>
{
    public override ValueTask<Decision> Decide(RebootVirtualMachine request, VirtualMachine vm, AcceptContext turn) => new(
        !VmStates.Allows(vm, VmAction.Reboot, out var problem) ? throw problem.AsException()
        : Decision.Run("virtual-machine.reboot", new VmPower { VirtualMachineId = vm.Id, Action = "reboot", Force = request.Force }));
}

/// <summary>A machine that is paused is left as it is.</summary>
internal sealed class PauseVirtualMachineTurn : AcceptTurn<PauseVirtualMachine, VirtualMachine>
{
    public override ValueTask<Decision> Decide(PauseVirtualMachine request, VirtualMachine vm, AcceptContext turn) => new(
        !VmStates.Allows(vm, VmAction.Pause, out var problem) ? throw problem.AsException()
        : vm.State == VmState.Paused ? Decision.Done()
        : Decision.Run("virtual-machine.pause", new VmPower { VirtualMachineId = vm.Id, Action = "pause" }));
}

/// <summary>A machine that runs is left as it is.</summary>
internal sealed class ResumeVirtualMachineTurn : AcceptTurn<ResumeVirtualMachine, VirtualMachine>
{
    public override ValueTask<Decision> Decide(ResumeVirtualMachine request, VirtualMachine vm, AcceptContext turn) => new(
        !VmStates.Allows(vm, VmAction.Resume, out var problem) ? throw problem.AsException()
        : vm.State == VmState.Running ? Decision.Done()
        : Decision.Run("virtual-machine.resume", new VmPower { VirtualMachineId = vm.Id, Action = "resume" }));
}

/// <summary>Looks once more whether the machine's state allows it, and where it runs.</summary>
[Step("compute.check-power")]
internal sealed class CheckPower : Step<VmPower>
{
    public override async Task Run(VmPower power, StepContext<VmPower> step)
    {
        var vm = await step.Store.Get<VirtualMachine>(power.VirtualMachineId);
        if (!VmStates.Allows(vm, Enum.Parse<VmAction>(power.Action, ignoreCase: true), out var problem))
            throw problem.AsException();
        step.Save(power with { HostId = vm.HostId });
    }

    public override Task Undo(VmPower power, StepContext<VmPower> step) => NothingToUndo("it only looked");
}

[Step("compute.reboot-domain")]
internal sealed class RebootDomainStep : Step<VmPower>
{
    public override Id? Host(VmPower power) => power.HostId;
    public override Task Run(VmPower power, StepContext<VmPower> step) => step.Command(new RebootDomain(power.VirtualMachineId, power.Force));
    public override Task Undo(VmPower power, StepContext<VmPower> step) => NothingToUndo("a guest that was told to reboot cannot be told otherwise");
}

[Step("compute.pause-domain")]
internal sealed class PauseDomainStep : Step<VmPower>
{
    public override Id? Host(VmPower power) => power.HostId;
    public override Task Run(VmPower power, StepContext<VmPower> step) => step.Command(new PauseDomain(power.VirtualMachineId));
    public override Task Undo(VmPower power, StepContext<VmPower> step) => PowerUndo.IfItRuns(() => step.Command(new ResumeDomain(power.VirtualMachineId)));
}

[Step("compute.resume-domain")]
internal sealed class ResumeDomainStep : Step<VmPower>
{
    public override Id? Host(VmPower power) => power.HostId;
    public override Task Run(VmPower power, StepContext<VmPower> step) => step.Command(new ResumeDomain(power.VirtualMachineId));
    public override Task Undo(VmPower power, StepContext<VmPower> step) => PowerUndo.IfItRuns(() => step.Command(new PauseDomain(power.VirtualMachineId)));
}

internal static class PowerUndo
{
    /// <summary>A guest that has ended meanwhile is neither paused nor resumed: there is nothing to take back.</summary>
    public static async Task IfItRuns(Func<Task> command)
    {
        try
        {
            await command();
        }
        catch (ProblemException e) when (e.Problem.Code is "domain-not-running" or "domain-not-defined")
        {
            // Its host reports what became of it.
        }
    }
}

/// <summary>Writes what the host has confirmed, so that whoever waited sees it at once.</summary>
[Step("compute.finish-power")]
internal sealed class FinishPower : Step<VmPower>
{
    public override Task Run(VmPower power, StepContext<VmPower> step) =>
        step.Call(new PowerChanged(power.VirtualMachineId, power.Action == "pause" ? VmState.Paused : VmState.Running));

    public override Task Undo(VmPower power, StepContext<VmPower> step) => NothingToUndo("it is the last step and only writes what is true");
}

internal sealed record PowerChanged(Id VirtualMachineId, VmState State) : Request<bool>
{
    public override Id Target => VirtualMachineId;
}

internal sealed class PowerChangedTurn : CallTurn<PowerChanged, bool>
{
    public override bool NaturallyKeyed => true;

    public override async ValueTask<Answer<bool>> Decide(PowerChanged request, TurnContext turn)
    {
        var vm = await turn.Store.Get<VirtualMachine>(request.VirtualMachineId);
        return vm.State is VmState.Running or VmState.Paused && vm.State != request.State
            ? Answer(true, new UnitOfWork().Observe(vm, vm with { State = request.State, StateChangedAt = turn.Now, StateReason = null }))
            : Answer(false);
    }
}
