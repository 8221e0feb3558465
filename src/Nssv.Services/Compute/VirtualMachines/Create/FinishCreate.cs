using Nssv.Contracts.Agent;
using Nssv.Contracts.Compute;
using Nssv.Kernel;
using Nssv.Kernel.Calls;
using Nssv.Kernel.Data;
using Nssv.Kernel.Flows;
using Nssv.Services.Compute.Placement;

namespace Nssv.Services.Compute.VirtualMachines;

/// <summary>The machine is as asked: it runs, or it is stopped and holds nothing.</summary>
[Step("compute.finish-create")]
internal sealed class FinishCreate : Step<VmCreate>
{
    public override Task Run(VmCreate create, StepContext<VmCreate> step) =>
        step.Call(new VmDefined(create.VirtualMachineId, create.HostId!.Value, create.RunGeneration, create.Hardware, create.Start));

    public override Task Undo(VmCreate create, StepContext<VmCreate> step) => NothingToUndo("it is the last step and its effect is in our own rows, which go with the machine");
}

/// <summary>A domain of this generation is defined on the host, and runs or not.</summary>
internal sealed record VmDefined(Id VirtualMachineId, Id HostId, long RunGeneration, DomainHardware? Hardware, bool Running) : Request<bool>
{
    public override Id Target => VirtualMachineId;
}

internal sealed class VmDefinedTurn : CallTurn<VmDefined, bool>
{
    public override bool NaturallyKeyed => true;

    public override async ValueTask<Answer<bool>> Decide(VmDefined request, TurnContext turn)
    {
        var vm = await turn.Store.Get<VirtualMachine>(request.VirtualMachineId);
        var runs = request.Running && vm.SeenEnded < request.RunGeneration;
        var after = vm with
        {
            HostId = request.HostId,
            Hardware = vm.Hardware ?? request.Hardware,
            PlacementHostId = runs ? request.HostId : null,
            PowerIntent = runs ? PowerIntent.On : PowerIntent.Off,
            State = runs ? VmState.Running : VmState.Stopped,
            StateChangedAt = turn.Now,
            StateReason = runs ? null : vm.StateReason,
        };
        var unit = new UnitOfWork().Observe(vm, after);
        return Answer(true, runs ? unit : await unit.Release(turn.Store, vm.Id));
    }
}
