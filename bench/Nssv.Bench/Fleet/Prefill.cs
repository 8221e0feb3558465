using Nssv.Bench.Managers;
using Nssv.Contracts.Compute;
using Nssv.Contracts.Inventory;
using Nssv.Contracts.Network;
using Nssv.Contracts.Storage;
using Nssv.Kernel.Data;
using Nssv.Kernel.Operations;
using Nssv.Kernel.Ownership;
using Nssv.Server.Composition;
using Nssv.Simulator;
using Nssv.Simulator.Fleet;

namespace Nssv.Bench.Fleet;

/// <summary>
/// Machines that are there without having been created one by one: every row that a real one has left (machine, volume, layer, card, booking, ended
/// operation; not its journal, events and idempotency key), copies of one that was created, spread evenly over the hosts; and the hosts hold their domains
/// and layers. Manager and simulator are stopped meanwhile.
/// </summary>
internal static class Prefill
{
    private const int Together = 200;

    /// <param name="held">The hosts' side as well; without it the machines are rows alone.</param>
    public static async Task Add(BenchHome home, int count, bool held)
    {
        await using var database = DataServices.Open(home.Settings, DataServices.Models);
        await using var writer = new Writer(database, MemberFence.Acquire(database, home.Settings.ManagerId, TimeProvider.System), new WriterOptions { Time = TimeProvider.System });
        var store = new Store(database);
        var hosts = (await store.List<Contracts.Inventory.Host>()).OrderBy(host => host.Id).ToList();
        var pattern = await Pattern.Read(store);
        using var folder = held ? FleetFolder.Open(Path.Combine(home.Settings.Home, "simulator"), home.Settings.PlatformId) : null;
        var holdings = folder?.ReadHoldings().ToDictionary() ?? [];
        var bases = (await store.List<VolumeLayer>(Condition.Equal(nameof(VolumeLayer.Role), LayerRole.ImageBase))).ToDictionary(layer => layer.HostId!.Value);
        for (var h = 0; h < hosts.Count; h++)
        {
            var host = hosts[h];
            var share = count / hosts.Count + (h < count % hosts.Count ? 1 : 0);
            var newBase = !bases.TryGetValue(host.Id, out var imageBase);
            imageBase ??= pattern.ImageBase with { Id = NewId(), HostId = host.Id };
            var unit = new UnitOfWork();
            if (newBase)
                unit.Insert(imageBase);
            var domains = new List<SimulatedRun>();
            var layers = new Dictionary<Id, SimulatedLayer> { [imageBase.Id] = new(imageBase.DataStorageId, null, imageBase.SizeBytes, 20L << 20) };
            for (var i = 0; i < share; i++)
            {
                var (run, layerId) = pattern.Copy(unit, host, imageBase.Id);
                domains.Add(run);
                layers[layerId] = new(imageBase.DataStorageId, imageBase.Id, pattern.Layer.SizeBytes, 196_608);
                if ((i + 1) % Together == 0)
                {
                    await writer.Commit(unit);
                    unit = new UnitOfWork();
                }
            }
            unit.Execute("hosts", "UPDATE hosts SET booked_cpu_count = booked_cpu_count + @p0, booked_memory_bytes = booked_memory_bytes + @p1 WHERE id = @p2",
                1, share * pattern.Machine.CpuCount, share * pattern.Machine.MemoryBytes, host.Id);
            await writer.Commit(unit);
            if (holdings.TryGetValue(host.Id, out var remains))
            {
                var now = remains.Holdings;
                holdings[host.Id] = remains with { Holdings = now with { Domains = [.. now.Domains, .. domains], Layers = now.Layers.Concat(layers).DistinctBy(pair => pair.Key).ToDictionary() } };
            }
        }
        folder?.WriteHoldings(holdings.Values);
    }

    private static int s_cards = Random.Shared.Next(1 << 30);

    private static Id NewId() => new(Guid.CreateVersion7());

    /// <summary>Counted, with a first byte that the product does not use: so many random ones would meet each other.</summary>
    private static string Mac(int number) => $"56:00:{number >> 24 & 0xff:x2}:{number >> 16 & 0xff:x2}:{number >> 8 & 0xff:x2}:{number & 0xff:x2}";

    /// <summary>The rows of one machine that was created, and the domain of it.</summary>
    private sealed record Pattern(VirtualMachine Machine, Volume Volume, VolumeLayer Layer, VolumeLayer ImageBase, NetworkInterface Card, HostReservation Booking, Operation Operation)
    {
        public static async Task<Pattern> Read(Store store)
        {
            var machine = await store.First<VirtualMachine>(Condition.Equal(nameof(VirtualMachine.State), VmState.Running)) ?? throw new InvalidOperationException("No machine runs that could be copied.");
            var volume = (await store.First<Volume>(Condition.Equal(nameof(Volume.VirtualMachineId), machine.Id)))!;
            var layer = await store.Get<VolumeLayer>(volume.ActiveLayerId!.Value);
            return new(machine, volume, layer, await store.Get<VolumeLayer>(layer.ParentLayerId!.Value),
                (await store.First<NetworkInterface>(Condition.Equal(nameof(NetworkInterface.VirtualMachineId), machine.Id)))!,
                (await store.First<HostReservation>(Condition.Equal(nameof(HostReservation.VirtualMachineId), machine.Id)))!,
                (await store.First<Operation>(Condition.Equal(nameof(Nssv.Kernel.Operations.Operation.TargetId), machine.Id)))!);
        }

        public (SimulatedRun Run, Id LayerId) Copy(UnitOfWork unit, Contracts.Inventory.Host host, Id imageBase)
        {
            var (vm, disk, file, card, operation) = (NewId(), NewId(), NewId(), NewId(), NewId());
            var copy = Machine with { Id = vm, ClusterId = host.ClusterId, HostId = host.Id, PlacementHostId = host.Id };
            unit.Insert(copy)
                .Insert(Volume with { Id = disk, VirtualMachineId = vm, HostId = host.Id, ActiveLayerId = file, Serial = disk.Value.ToString("N")[..20] })
                .Insert(Layer with { Id = file, VolumeId = disk, HostId = host.Id, ParentLayerId = imageBase })
                .Insert(Card with { Id = card, VirtualMachineId = vm, MacAddress = Mac(Interlocked.Increment(ref s_cards)) })
                .Insert(Booking with { VirtualMachineId = vm, HostId = host.Id })
                .Insert(Operation with { Id = operation, RootId = operation, TargetId = vm });
            return (new(new()
            {
                VirtualMachineId = vm,
                Title = copy.Name,
                RunGeneration = copy.RunGeneration,
                Architecture = copy.Architecture,
                Firmware = copy.Firmware,
                CpuCount = copy.CpuCount,
                MemoryBytes = copy.MemoryBytes,
                Disks = [new(disk, Volume.DataStorageId, file, Volume.Format, 0, "")],
                Nics = [],
            }, copy.RunGeneration, Contracts.Agent.DomainState.Running), file);
        }
    }
}
