using Nssv.Contracts.Compute;
using Nssv.Contracts.Inventory;
using Nssv.Kernel.Data;
using Nssv.Kernel.Flows;

namespace Nssv.Services.Compute.VirtualMachines;

/// <summary>What was known to run on a host that is surely off is stopped now, and may be started elsewhere.</summary>
[Step("compute.end-runs-on-host")]
internal sealed class EndRunsOnHost : Step<HostDown>
{
    public override async Task Run(HostDown down, StepContext<HostDown> step)
    {
        foreach (var vm in await step.Store.List<VirtualMachine>(Condition.Equal(nameof(VirtualMachine.PlacementHostId), down.HostId)))
            await step.Call(new ObserveHostDown(vm.Id, down.HostId));
    }

    public override Task Undo(HostDown down, StepContext<HostDown> step) => NothingToUndo("it is the point of no return: a person has said that nothing runs there");
}
