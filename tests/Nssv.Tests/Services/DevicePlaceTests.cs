using Nssv.Contracts.Compute;
using Nssv.Contracts.Network;
using Nssv.Contracts.Storage;
using Nssv.Kernel;
using Nssv.Kernel.Calls;
using Nssv.Kernel.Data;
using Shouldly;
using Xunit;

namespace Nssv.Tests.Services;

/// <summary>Two disks or two cards that come at the same moment never get the same place in a machine: it could not be defined any more.</summary>
public sealed class DevicePlaceTests
{
    [Fact]
    public async Task Of_two_cards_that_saw_the_same_place_free_one_gets_it()
    {
        await using var bed = new ServiceBed();
        var (vm, dataCenter, _, _) = await Machine(bed);
        var group = ServiceBed.NewId();
        await bed.Do(new CreatePortGroup { Id = group, Name = "net", DataCenterId = dataCenter });
        Between(bed, change => change is Change.Insert { Row: NetworkInterface }, () => bed.Do(Card()));

        (await bed.Refused(Card())).Status.ShouldBe(409);

        (await bed.Do(Card())).TargetType.ShouldBe("network-interface");
        (await bed.Store.List<NetworkInterface>()).Select(card => card.DeviceIndex).Order().ShouldBe([0, 1]);

        CreateNetworkInterface Card() => new() { Id = ServiceBed.NewId(), VirtualMachineId = vm, PortGroupId = group };
    }

    [Fact]
    public async Task Of_two_disks_that_saw_the_same_place_free_one_gets_it()
    {
        await using var bed = new ServiceBed();
        var (vm, _, host, storage) = await Machine(bed);
        var (first, second) = (Samples.Volume(host, storage, image: null), Samples.Volume(host, storage, image: null));
        await bed.Insert(first, second);
        Between(bed, change => change is Change.Update, () => bed.Do(Attach(second)));

        (await bed.Refused(Attach(first))).Status.ShouldBe(409);

        await bed.Do(Attach(first));
        (await bed.Store.List<Volume>()).Select(volume => volume.DeviceIndex!.Value).Order().ShouldBe([1, 2]);

        AttachVolume Attach(Volume volume) => new(volume.Id) { VirtualMachineId = vm };
    }

    /// <summary>Runs <paramref name="other"/> once, after a turn has decided on such a change and before it is written.</summary>
    private static void Between(ServiceBed bed, Func<Change, bool> here, Func<Task> other)
    {
        var once = false;
        bed.BeforeCommit = async unit =>
        {
            if (once || !unit.Changes.Any(here))
                return;
            once = true;
            await other();
        };
    }

    private static async Task<(Id Vm, Id DataCenter, Id Host, Id Storage)> Machine(ServiceBed bed)
    {
        var (dataCenter, cluster) = await bed.Cluster();
        var host = await bed.Host(cluster);
        var storage = ServiceBed.NewId();
        await bed.Do(new CreateDataStorage { Id = storage, Name = "local", DataCenterId = dataCenter, Path = "/srv/data" });
        await bed.Do(new AttachDataStorageToCluster(storage) { ClusterId = cluster });
        var layer = await Samples.Cached(bed, host.HostId, storage);
        var vm = Samples.Machine(cluster, layer.ImageId!.Value);
        await bed.Insert(vm);
        return (vm.Id, dataCenter, host.HostId, storage);
    }
}
