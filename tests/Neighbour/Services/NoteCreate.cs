using Nssv.Contracts.Compute;
using Nssv.Kernel;
using Nssv.Kernel.Calls;
using Nssv.Kernel.Data;
using Nssv.Kernel.Flows;

namespace Nssv.Services.Compute.VirtualMachines;

/// <summary>The second build's own step: writes its own column.</summary>
[Step("compute.note-create")]
internal sealed class NoteCreate : Step<VmCreate>
{
    public override Task Run(VmCreate create, StepContext<VmCreate> step) => step.Call(new NoteMachine(create.VirtualMachineId));

    public override Task Undo(VmCreate create, StepContext<VmCreate> step) => NothingToUndo("the note goes with the machine");
}

internal sealed record NoteMachine(Id VirtualMachineId) : Request<bool>
{
    public override Id Target => VirtualMachineId;
}

internal sealed class NoteMachineTurn : CallTurn<NoteMachine, bool>
{
    public override bool NaturallyKeyed => true;

    public override async ValueTask<Answer<bool>> Decide(NoteMachine request, TurnContext turn)
    {
        var vm = await turn.Store.Get<VirtualMachine>(request.VirtualMachineId);
        return Answer(true, new UnitOfWork().Observe(vm, vm with { UpgradeNote = "made by the newer build" }));
    }
}
