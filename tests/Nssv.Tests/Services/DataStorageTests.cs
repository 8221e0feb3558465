using Nssv.Contracts.Agent;
using Nssv.Contracts.Inventory;
using Nssv.Contracts.Storage;
using Nssv.Kernel;
using Nssv.Kernel.Calls;
using Nssv.Kernel.Data;
using Nssv.Kernel.Operations;
using Nssv.Simulator;
using Shouldly;
using Xunit;

namespace Nssv.Tests.Services;

[Trait("group", "services")]
public sealed class DataStorageTests
{
    [Fact]
    public async Task Attached_it_is_on_every_connected_host_and_waits_for_the_others()
    {
        await using var bed = new ServiceBed();
        var (dataCenter, cluster) = await bed.Cluster();
        var (first, second) = (await bed.Host(cluster), await bed.Host(cluster));
        var late = ServiceBed.NewId();
        await bed.Do(new CreateHost { Id = late, Name = "late", ClusterId = cluster, Address = "late" });
        var storage = await Storage(bed, dataCenter);
        (await bed.Store.Get<DataStorage>(storage)).State.ShouldBe(StorageState.Detached);

        await bed.Do(new AttachDataStorageToCluster(storage) { ClusterId = cluster });

        (await bed.Store.Get<DataStorage>(storage)).State.ShouldBe(StorageState.Attached);
        var rows = (await bed.Store.List<HostDataStorage>()).ToDictionary(row => row.HostId);
        rows[first.HostId].State.ShouldBe(HostStorageState.Connected);
        rows[first.HostId].CapacityBytes.ShouldBeGreaterThan(0);
        rows[second.HostId].State.ShouldBe(HostStorageState.Connected);
        rows[late].State.ShouldBe(HostStorageState.Preparing);
        Effects(first).ShouldBe(["storage.attach-data"]);
    }

    [Fact]
    public async Task Attaching_twice_and_detaching_what_is_not_attached_change_nothing()
    {
        await using var bed = new ServiceBed();
        var (dataCenter, cluster) = await bed.Cluster();
        var host = await bed.Host(cluster);
        var storage = await Storage(bed, dataCenter);
        await bed.Do(new DetachDataStorageFromCluster(storage) { ClusterId = cluster });
        await bed.Do(new AttachDataStorageToCluster(storage) { ClusterId = cluster });
        await bed.Do(new AttachDataStorageToCluster(storage) { ClusterId = cluster });
        Effects(host).ShouldBe(["storage.attach-data"]);
    }

    [Fact]
    public async Task A_host_that_cannot_have_it_undoes_the_attachment_everywhere()
    {
        await using var bed = new ServiceBed();
        var (dataCenter, cluster) = await bed.Cluster();
        var good = await bed.Host(cluster);
        await bed.Host(cluster, new EngineBehaviour { Refuse = (command, _) => command is AttachDataStorage ? NoRoom : null });
        var storage = await Storage(bed, dataCenter);

        var operation = await bed.Run(new AttachDataStorageToCluster(storage) { ClusterId = cluster });

        operation.State.ShouldBe(OperationState.Failed);
        operation.CleanupPending.ShouldBeFalse();
        operation.Error!.Code.ShouldBe(NoRoom.Code);
        (await bed.Store.Get<DataStorage>(storage)).State.ShouldBe(StorageState.Detached);
        (await bed.Store.Count<DataStorageAttachment>() + await bed.Store.Count<HostDataStorage>()).ShouldBe(0);
        Effects(good).Count(what => what == "storage.detach-data").ShouldBe(Effects(good).Count(what => what == "storage.attach-data"));
    }

    [Fact]
    public async Task A_host_that_comes_later_gets_it_when_it_is_prepared()
    {
        await using var bed = new ServiceBed();
        var (dataCenter, cluster) = await bed.Cluster();
        var storage = await Storage(bed, dataCenter);
        await bed.Do(new AttachDataStorageToCluster(storage) { ClusterId = cluster });
        var host = await bed.Host(cluster);
        (await bed.Bus.Call(new CountStoragesToPrepare(host.HostId))).ShouldBe(1);

        await Prepare(bed, host.HostId);

        (await bed.Bus.Call(new CountStoragesToPrepare(host.HostId))).ShouldBe(0);
        (await bed.Store.List<HostDataStorage>()).ShouldHaveSingleItem().State.ShouldBe(HostStorageState.Connected);
        Effects(host).ShouldBe(["storage.attach-data"]);
    }

    [Fact]
    public async Task A_storage_that_a_later_host_cannot_have_says_why_and_keeps_no_other_away()
    {
        await using var bed = new ServiceBed();
        var (dataCenter, cluster) = await bed.Cluster();
        var (bad, good) = (await Storage(bed, dataCenter, "/srv/bad"), await Storage(bed, dataCenter, "/srv/good"));
        await bed.Do(new AttachDataStorageToCluster(bad) { ClusterId = cluster });
        await bed.Do(new AttachDataStorageToCluster(good) { ClusterId = cluster });
        var host = await bed.Host(cluster, new EngineBehaviour { Refuse = (command, _) => command is AttachDataStorage { Path: "/srv/bad" } ? NoRoom : null });

        await Prepare(bed, host.HostId);

        var rows = (await bed.Store.List<HostDataStorage>()).ToDictionary(row => row.DataStorageId);
        (rows[bad].State, rows[bad].Reason).ShouldBe((HostStorageState.Unavailable, NoRoom.Detail));
        rows[good].State.ShouldBe(HostStorageState.Connected);
        (await bed.Bus.Call(new CountStoragesToPrepare(host.HostId))).ShouldBe(0);
    }

    [Fact]
    public async Task Detaching_forgets_it_on_the_hosts_and_drops_unused_copies_of_images()
    {
        await using var bed = new ServiceBed();
        var (dataCenter, cluster) = await bed.Cluster();
        var host = await bed.Host(cluster);
        var storage = await Storage(bed, dataCenter);
        await bed.Do(new AttachDataStorageToCluster(storage) { ClusterId = cluster });
        var layer = await Samples.Cached(bed, host.HostId, storage);

        await bed.Do(new DetachDataStorageFromCluster(storage) { ClusterId = cluster });

        (await bed.Store.Find<VolumeLayer>(layer.Id)).ShouldBeNull();
        (await bed.Store.Count<HostDataStorage>() + await bed.Store.Count<DataStorageAttachment>()).ShouldBe(0);
        (await bed.Store.Get<DataStorage>(storage)).State.ShouldBe(StorageState.Detached);
        Effects(host)[^1].ShouldBe("storage.detach-data");
        await bed.Do(new DeleteDataStorage(storage));
    }

    [Fact]
    public async Task Detaching_is_refused_while_a_disk_is_there()
    {
        await using var bed = new ServiceBed();
        var (dataCenter, cluster) = await bed.Cluster();
        var host = await bed.Host(cluster);
        var storage = await Storage(bed, dataCenter);
        await bed.Do(new AttachDataStorageToCluster(storage) { ClusterId = cluster });
        var volume = Samples.Volume(host.HostId, storage, image: null);
        await bed.Insert(volume);

        var problem = await bed.Refused(new DetachDataStorageFromCluster(storage) { ClusterId = cluster });

        (problem.Status, problem.Code).ShouldBe((409, "in-use"));
        problem.Detail!.ShouldContain(volume.Id.ToString());
        Effects(host).ShouldBe(["storage.attach-data"]);
        (await bed.Refused(new DeleteDataStorage(storage))).Detail!.ShouldContain("data-storage-attachment of cluster 'cluster'");
    }

    [Fact]
    public async Task A_disk_made_at_the_moment_of_detaching_keeps_the_storage_attached()
    {
        await using var bed = new ServiceBed();
        var (dataCenter, cluster) = await bed.Cluster();
        var host = await bed.Host(cluster);
        var storage = await Storage(bed, dataCenter);
        await bed.Do(new AttachDataStorageToCluster(storage) { ClusterId = cluster });
        var volumes = new Queue<Volume>([Samples.Volume(host.HostId, storage, image: null)]);
        bed.BeforeCommit = async unit =>
        {
            if (unit.Changes.Any(change => change is Change.Delete { Row: DataStorageAttachment }) && volumes.TryDequeue(out var volume))
                await bed.Insert(volume);
        };

        var operation = await bed.Run(new DetachDataStorageFromCluster(storage) { ClusterId = cluster });

        (operation.State, operation.Error!.Code).ShouldBe((OperationState.Failed, "in-use"));
        (await bed.Store.Count<DataStorageAttachment>()).ShouldBe(1);
        Effects(host).ShouldBe(["storage.attach-data"]);
    }

    [Fact]
    public async Task A_host_that_will_not_let_go_gets_everything_back()
    {
        await using var bed = new ServiceBed();
        var (dataCenter, cluster) = await bed.Cluster();
        await bed.Host(cluster, new EngineBehaviour { Refuse = (command, _) => command is DetachDataStorage ? NoRoom : null });
        var storage = await Storage(bed, dataCenter);
        await bed.Do(new AttachDataStorageToCluster(storage) { ClusterId = cluster });
        var link = (await bed.Store.List<DataStorageAttachment>()).ShouldHaveSingleItem();

        var operation = await bed.Run(new DetachDataStorageFromCluster(storage) { ClusterId = cluster });

        operation.State.ShouldBe(OperationState.Failed);
        (await bed.Store.List<DataStorageAttachment>()).ShouldHaveSingleItem().Id.ShouldBe(link.Id);
        (await bed.Store.List<HostDataStorage>()).ShouldHaveSingleItem().State.ShouldBe(HostStorageState.Connected);
        (await bed.Store.Get<DataStorage>(storage)).State.ShouldBe(StorageState.Attached);
    }

    [Fact]
    public async Task Detaching_waits_for_no_host_that_a_person_has_given_up()
    {
        await using var bed = new ServiceBed();
        var (dataCenter, cluster) = await bed.Cluster();
        var host = await bed.Host(cluster);
        var storage = await Storage(bed, dataCenter);
        await bed.Do(new AttachDataStorageToCluster(storage) { ClusterId = cluster });
        await bed.SetHost(host.HostId, row => row with { State = HostState.Disconnected });
        (await bed.Refused(new DetachDataStorageFromCluster(storage) { ClusterId = cluster })).Code.ShouldBe("host-not-connected");
        await bed.SetHost(host.HostId, row => row with { FenceState = FenceState.ConfirmedByHuman });
        await bed.Do(new DetachDataStorageFromCluster(storage) { ClusterId = cluster });
        (await bed.Store.Count<HostDataStorage>()).ShouldBe(0);
    }

    [Theory]
    [InlineData("local", "/etc/nssv", "path-of-system", "path")]
    [InlineData("local", "relative", "path-not-absolute", "path")]
    [InlineData("nfs", "/srv/nssv", "kind-unknown", "kind")]
    public async Task What_makes_no_storage_is_refused(string kind, string path, string code, string field)
    {
        await using var bed = new ServiceBed();
        var (dataCenter, _) = await bed.Cluster();
        var problem = await bed.Refused(new CreateDataStorage { Id = ServiceBed.NewId(), Name = "s", Kind = kind, DataCenterId = dataCenter, Path = path });
        (problem.Status, problem.Code, problem.Field).ShouldBe((400, code, field));
        (await bed.Store.Count<DataStorage>()).ShouldBe(0);
    }

    [Fact]
    public async Task Two_storages_do_not_share_a_path()
    {
        await using var bed = new ServiceBed();
        var (dataCenter, _) = await bed.Cluster();
        await Storage(bed, dataCenter, "/srv/a");
        (await bed.Refused(new CreateDataStorage { Id = ServiceBed.NewId(), Name = "b", DataCenterId = dataCenter, Path = "/srv/a/b" })).Code.ShouldBe("path-taken");
    }

    [Fact]
    public async Task A_cluster_of_another_data_center_is_refused()
    {
        await using var bed = new ServiceBed();
        var (dataCenter, _) = await bed.Cluster();
        var (_, other) = await bed.Cluster();
        var storage = await Storage(bed, dataCenter);
        (await bed.Refused(new AttachDataStorageToCluster(storage) { ClusterId = other })).Code.ShouldBe("other-data-center");
    }

    private static readonly Problem NoRoom = new(409, "no-room", "There is no room.", "The disk is missing.");

    private static List<string> Effects(SimulatedHost host) => [.. host.Machine.Effects.Select(effect => effect.What)];

    private static async Task Prepare(ServiceBed bed, Id host) =>
        (await bed.Ended((await bed.Bus.Accept(new PrepareHostStorages(host), Caller.System(ServiceBed.Platform), new AcceptOptions())).Id)).State.ShouldBe(OperationState.Succeeded);

    private static async Task<Id> Storage(ServiceBed bed, Id dataCenter, string path = "/srv/nssv")
    {
        var id = ServiceBed.NewId();
        await bed.Do(new CreateDataStorage { Id = id, Name = "s", DataCenterId = dataCenter, Path = path });
        return id;
    }
}
