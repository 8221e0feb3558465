using Nssv.Contracts.Compute;
using Nssv.Kernel;
using Nssv.Kernel.Cascade;
using Nssv.Kernel.Deletion;

namespace Nssv.Services.Compute.VirtualMachines;

/// <summary>What its own deletion would refuse: nobody knows whether it runs. And one that is never deleted is for a person to expunge.</summary>
internal sealed class VirtualMachineCascade(DeletionRules rules) : ICascadeHook
{
    public string Kind => "virtual-machine";

    public async ValueTask<CascadeFindings> Look(CascadeLook look, CancellationToken cancel)
    {
        var unknown = await look.Store.Select(
            "SELECT id, name FROM virtual_machines WHERE id {in0} AND state = @p1 ORDER BY id", [look.Ids, VmState.Unknown], row => (Id: Id.Parse(row.GetString(0)), Name: row.GetString(1)));
        return new()
        {
            Hindrances =
            [
                .. unknown.Select(vm => new CascadeHindrance(
                    Kind, vm.Id, vm.Name, $"The host of virtual machine '{vm.Name}' does not answer, so the machine may still run there.",
                    "Bring the host back, or make sure that it is off and confirm that with hosts/{id}:confirmDown.")),
                .. await rules.NeverDeleted(look, "virtual_machines", VirtualMachineDeletion.Policy),
            ],
        };
    }
}
