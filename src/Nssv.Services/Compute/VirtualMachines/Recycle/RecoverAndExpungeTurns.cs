using Nssv.Contracts.Compute;
using Nssv.Contracts.Platform;
using Nssv.Kernel;
using Nssv.Kernel.Calls;
using Nssv.Kernel.Data;
using Nssv.Kernel.Deletion;

namespace Nssv.Services.Compute.VirtualMachines;

/// <summary>The machine is stopped again, with its disks, cards and addresses.</summary>
internal sealed class RecoverVirtualMachineTurn : AcceptTurn<RecoverVirtualMachine, VirtualMachine>
{
    public override async ValueTask<Decision> Decide(RecoverVirtualMachine request, VirtualMachine vm, AcceptContext turn)
    {
        if (vm.DeletedAt is null)
            return Decision.Done();
        if (vm.State != VmState.Recycled)
            throw VmProblems.Busy(vm).AsException();
        var after = vm with { State = VmState.Stopped, StateChangedAt = turn.Now, DeletedAt = null, ExpungeAt = null };
        return Decision.Done(await new UnitOfWork().Observe(vm, after).TakeOutOfRecycleBin(turn.Store, vm.Id));
    }
}

internal sealed class ExpungeVirtualMachineTurn : AcceptTurn<ExpungeVirtualMachine, VirtualMachine>
{
    public override ValueTask<Decision> Decide(ExpungeVirtualMachine request, VirtualMachine vm, AcceptContext turn) => new(
        RecycleBin.MayGo(vm, request.IfDueBy) ? Decision.Run("virtual-machine.delete", new VmDelete { VirtualMachineId = vm.Id, RecycledAt = vm.DeletedAt })
        : request.IfDueBy is not null ? Decision.Done()
        : throw RecycleProblems.NotRecycled(vm).AsException());
}

internal sealed class RecycledVirtualMachines(DeletionRules rules) : IRecycledKind
{
    public string Kind => "virtual-machine";

    public DeletionPolicy PolicyOf(IRecyclable resource) => rules.Of(resource, VirtualMachineDeletion.Policy);

    public Request Expunge(Id id, DateTimeOffset ifDueBy) => new ExpungeVirtualMachine(id) { IfDueBy = ifDueBy };
}
