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

    [Fact]
    public async Task A_disk_does_not_come_to_a_machine_that_has_got_one_on_another_host_at_this_moment()
    {
        await using var bed = new ServiceBed();
        var (vm, _, host, storage) = await Machine(bed);
        var elsewhere = (await bed.Host((await bed.Store.Get<VirtualMachine>(vm)).ClusterId, name: "elsewhere")).HostId;
        var there = Samples.Volume(host, storage, image: null) with { VirtualMachineId = vm, DeviceIndex = 1 };
        var (first, second) = (Samples.Volume(host, storage, image: null), Samples.Volume(elsewhere, storage, image: null));
        await bed.Insert(there, first, second);

        // The place that the first one saw free stays free: only the host tells that it must not come.
        Between(bed, change => change is Change.Update, async () =>
        {
            await bed.Do(new DetachVolume(there.Id));
            await bed.Do(new AttachVolume(second.Id) { VirtualMachineId = vm });
        });

        (await bed.Refused(new AttachVolume(first.Id) { VirtualMachineId = vm })).Status.ShouldBe(409);

        (await bed.Store.List<Volume>(Condition.Equal(nameof(Volume.VirtualMachineId), vm))).ShouldHaveSingleItem().Id.ShouldBe(second.Id);
        (await bed.Refused(new AttachVolume(first.Id) { VirtualMachineId = vm })).Code.ShouldBe("volumes-on-several-hosts");
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
