using Nssv.Contracts.Compute;
using Nssv.Contracts.Inventory;
using Nssv.Kernel;
using Nssv.Kernel.Data;

namespace Nssv.Services.Compute.Placement;

/// <summary>
/// Bookings of CPU and memory. Capacity is a conditional update on the host's row, so that parallel starts cannot overbook it whatever turn they run on;
/// whoever loses decides again.
/// </summary>
internal static class Reservations
{
    public static UnitOfWork Book(this UnitOfWork unit, Host host, Id virtualMachineId, int cpuCount, long memoryBytes) => unit
        .Execute("hosts",
            "UPDATE hosts SET booked_cpu_count = booked_cpu_count + @p0, booked_memory_bytes = booked_memory_bytes + @p1 " +
            "WHERE id = @p2 AND booked_cpu_count + @p0 <= @p3 AND booked_memory_bytes + @p1 <= memory_bytes - reserved_memory_bytes",
            1, cpuCount, memoryBytes, host.Id, (int)(host.CpuCount * host.CpuOvercommitRatio))
        .Insert(new HostReservation { VirtualMachineId = virtualMachineId, HostId = host.Id, CpuCount = cpuCount, MemoryBytes = memoryBytes });

    /// <summary>Books what is there already, whether or not it fits.</summary>
    public static async ValueTask<UnitOfWork> Occupy(this UnitOfWork unit, IStore store, Id hostId, VirtualMachine vm) =>
        await store.First<HostReservation>(Condition.Equal(nameof(HostReservation.VirtualMachineId), vm.Id)) is not null ? unit : unit
            .Execute("hosts",
                "UPDATE hosts SET booked_cpu_count = booked_cpu_count + @p0, booked_memory_bytes = booked_memory_bytes + @p1 WHERE id = @p2",
                1, vm.CpuCount, vm.MemoryBytes, hostId)
            .Insert(new HostReservation { VirtualMachineId = vm.Id, HostId = hostId, CpuCount = vm.CpuCount, MemoryBytes = vm.MemoryBytes });

    /// <summary>Gives back what a machine has booked; nothing when it has nothing.</summary>
    public static async ValueTask<UnitOfWork> Release(this UnitOfWork unit, IStore store, Id virtualMachineId)
    {
        var booked = await store.First<HostReservation>(Condition.Equal(nameof(HostReservation.VirtualMachineId), virtualMachineId));
        return booked is null ? unit : unit
            .Delete(booked)
            .Execute("hosts",
                "UPDATE hosts SET booked_cpu_count = booked_cpu_count - @p0, booked_memory_bytes = booked_memory_bytes - @p1 WHERE id = @p2",
                1, booked.CpuCount, booked.MemoryBytes, booked.HostId);
    }
}
