using Nssv.Contracts.Agent;
using Nssv.Contracts.Compute;
using Nssv.Contracts.Inventory;
using Nssv.Contracts.Network;
using Nssv.Contracts.Platform;
using Nssv.Contracts.Storage;
using Nssv.Kernel;
using Nssv.Kernel.Data;
using Nssv.Simulation.Tests.Invariants;
using Nssv.Simulation.Tests.World;

namespace Nssv.Simulation.Tests.Machines;

/// <summary>The rows of machines, volumes, layers and bookings agree with each other and with what is on the hosts, and nothing else is there.</summary>
internal static class MachineChecks
{
    public static async Task Agree(IStore store, IReadOnlyList<HostNode> hosts, Func<HostNode, bool> lostPower, Findings findings)
    {
        var machines = (await store.List<VirtualMachine>()).ToDictionary(vm => vm.Id);
        foreach (var vm in machines.Values)
        {
            findings.Expect(vm.State is VmState.Running or VmState.Paused or VmState.Stopped or VmState.Recycled, Invariant.NothingLeft, $"machine {vm.Id.Short} is still {vm.State}");
            Runs(vm, hosts, findings);
        }

        await Bookings(store, machines, findings);
        await RecycleBin(store, machines, findings);
        await Disks(store, machines, hosts, findings);
        foreach (var nic in await store.List<NetworkInterface>())
            findings.Expect(nic.VirtualMachineId is { } id && machines.ContainsKey(id), Invariant.NothingLeft, $"a network card of {nic.VirtualMachineId}");
        foreach (var host in hosts)
        {
            foreach (var domain in host.Machine.Domains)
                findings.Expect(machines.TryGetValue(domain.VirtualMachineId, out var vm) && vm.HostId == host.Id, Invariant.NothingLeft, $"domain {domain.VirtualMachineId.Short} on {host.Name} is {domain.State}");
            foreach (var (start, times) in host.Machine.Starts)
                findings.Expect(times <= 1 || lostPower(host), Invariant.Once, $"generation {start.Generation} of {start.VirtualMachineId.Short} was started {times} times on {host.Name}");
        }
    }

    private static void Runs(VirtualMachine vm, IReadOnlyList<HostNode> hosts, Findings findings)
    {
        var up = hosts.SelectMany(host => host.Machine.Domains.Select(domain => (host, domain)))
            .Where(pair => pair.domain.VirtualMachineId == vm.Id && pair.domain.State is (DomainState.Running or DomainState.Paused)).ToList();
        var name = $"machine {vm.Id.Short} is {vm.State}";
        if (vm.State is VmState.Stopped or VmState.Recycled)
        {
            findings.AddAll(Invariant.Truth, up.Select(pair => $"{name}, but {pair.domain.State} on {pair.host.Name}"));
            findings.Expect(vm.PlacementHostId is null, Invariant.Truth, $"{name}, but holds a place on {vm.PlacementHostId}");
        }
        else if (vm.State is VmState.Running or VmState.Paused)
        {
            findings.Expect(up is [var (host, domain)] && host.Id == vm.HostId && host.Id == vm.PlacementHostId
                && domain.State == (vm.State == VmState.Running ? DomainState.Running : DomainState.Paused) && domain.RunGeneration == vm.RunGeneration,
                Invariant.Truth, $"{name} generation {vm.RunGeneration} on {vm.HostId}, but on hosts: {string.Join(", ", up.Select(pair => $"{pair.host.Name} {pair.domain.State} {pair.domain.RunGeneration}"))}");
        }
    }

    private static async Task Bookings(IStore store, Dictionary<Id, VirtualMachine> machines, Findings findings)
    {
        var bookings = await store.List<HostReservation>();
        foreach (var host in await store.List<Host>())
        {
            var here = bookings.Where(booking => booking.HostId == host.Id).ToList();
            findings.Expect(host.BookedCpuCount == here.Sum(booking => booking.CpuCount) && host.BookedMemoryBytes == here.Sum(booking => booking.MemoryBytes), Invariant.Once,
                $"host {host.Name} counts {host.BookedCpuCount} CPUs and {host.BookedMemoryBytes} bytes, its bookings {here.Sum(booking => booking.CpuCount)} and {here.Sum(booking => booking.MemoryBytes)}");
        }

        foreach (var booking in bookings)
        {
            findings.Expect(machines.TryGetValue(booking.VirtualMachineId, out var vm) && vm.PlacementHostId == booking.HostId, Invariant.NothingLeft,
                $"a booking of {booking.VirtualMachineId.Short} on {booking.HostId.Short}, its machine is {vm?.State.ToString() ?? "gone"}");
        }

        foreach (var vm in machines.Values.Where(vm => vm.State is VmState.Running or VmState.Paused))
            findings.Expect(bookings.Any(booking => booking.VirtualMachineId == vm.Id), Invariant.Truth, $"machine {vm.Id.Short} is {vm.State} without a booking");
    }

    /// <summary>Both sides of the recycle bin say the same.</summary>
    private static async Task RecycleBin(IStore store, Dictionary<Id, VirtualMachine> machines, Findings findings)
    {
        var items = (await store.List<RecycledItem>()).ToDictionary(item => item.ResourceId);
        foreach (var vm in machines.Values)
        {
            findings.Expect(vm.State == VmState.Recycled == (vm.DeletedAt is not null) && vm.DeletedAt == items.GetValueOrDefault(vm.Id)?.DeletedAt, Invariant.Truth,
                $"machine {vm.Id.Short} is {vm.State}, deleted at {vm.DeletedAt:O}, in the recycle bin since {items.GetValueOrDefault(vm.Id)?.DeletedAt:O}");
        }

        findings.AddAll(Invariant.NothingLeft, items.Keys.Except(machines.Keys).Select(id => $"machine {id.Short} is gone, but in the recycle bin"));
    }

    private static async Task Disks(IStore store, Dictionary<Id, VirtualMachine> machines, IReadOnlyList<HostNode> hosts, Findings findings)
    {
        var volumes = (await store.List<Volume>()).ToDictionary(volume => volume.Id);
        foreach (var volume in volumes.Values)
        {
            findings.Expect(volume.State == VolumeState.Ready, Invariant.NothingLeft, $"volume {volume.Name} is still {volume.State}");
            findings.Expect(volume.VirtualMachineId is { } id && machines.ContainsKey(id), Invariant.NothingLeft, $"volume {volume.Name} belongs to no machine");
        }

        var layers = await store.List<VolumeLayer>();
        foreach (var layer in layers)
        {
            findings.Expect(layer.State == LayerState.Ready || layer.Role == LayerRole.ImageBase, Invariant.NothingLeft, $"layer {layer.Id.Short} is still {layer.State}");
            findings.Expect(layer.VolumeId is null || volumes.ContainsKey(layer.VolumeId.Value), Invariant.NothingLeft, $"layer {layer.Id.Short} belongs to no volume");
        }

        foreach (var host in hosts)
        {
            var there = host.Machine.Layers.Select(layer => layer.LayerId).ToHashSet();
            var known = layers.Where(layer => layer.HostId == host.Id).ToList();
            findings.AddAll(Invariant.NothingLeft, there.Except(known.Select(layer => layer.Id)).Select(id => $"layer {id.Short} on {host.Name}"));
            findings.AddAll(Invariant.Truth, known.Where(layer => layer.State == LayerState.Ready && !there.Contains(layer.Id)).Select(layer => $"layer {layer.Id.Short} ({layer.Role}) is missing on {host.Name}"));
        }
    }
}
