using Nssv.Kernel;
using Nssv.Kernel.Data;
using Nssv.Kernel.Deletion;

namespace Nssv.Contracts.Compute;

/// <summary>The rule for what may only be changed while a machine is stopped: looked at when the turn decides, and once more in its transaction.</summary>
public static class StoppedMachine
{
    /// <exception cref="ProblemException">409 vm-not-stopped, or recycled.</exception>
    public static void MakeSure(VirtualMachine vm)
    {
        if (vm.State == VmState.Recycled)
            throw RecycleProblems.Recycled(vm).AsException();
        if (vm.State != VmState.Stopped)
        {
            throw new Problem(409, "vm-not-stopped", "The virtual machine must be stopped.", $"'{vm.Name}' is {vm.State.ToString().ToLowerInvariant()}.",
                "Stop it first.").AsException();
        }
    }

    /// <summary>
    /// The unit fails when another disk or card has got this place meanwhile: each is decided on its own mailbox, so two may have seen the same place free.
    /// Put it behind <see cref="OnlyWhileStopped"/> and before what takes the place.
    /// </summary>
    /// <param name="table">"volumes" or "network_interfaces".</param>
    public static UnitOfWork OnlyWhilePlaceIsFree(this UnitOfWork unit, string table, Id virtualMachineId, int deviceIndex) =>
        unit.Execute(table,
            $"UPDATE virtual_machines SET state = state WHERE id = @p0 AND NOT EXISTS (SELECT 1 FROM {table} WHERE virtual_machine_id = @p0 AND device_index = @p1)",
            1, virtualMachineId, deviceIndex);

    /// <summary>
    /// The unit fails when the machine has begun to start meanwhile. Put it first: it holds the machine's row, so that the conditions after it see what was
    /// written by whoever held the row before.
    /// </summary>
    public static UnitOfWork OnlyWhileStopped(this UnitOfWork unit, Id virtualMachineId) =>
        unit.Execute("virtual_machines", "UPDATE virtual_machines SET state = state WHERE id = @p0 AND state = 'stopped'", 1, virtualMachineId);
}
