using Nssv.Contracts.Compute;
using Nssv.Contracts.Inventory;
using Nssv.Contracts.Storage;
using Nssv.Kernel;
using Shouldly;
using Xunit;

namespace Nssv.Tests.Services;

/// <summary>A new volume, or a machine's disks, whose storage is not named.</summary>
[Trait("group", "services")]
public sealed class ChosenDataStorageTests
{
    [Fact]
    public async Task The_only_one_holds_it_and_of_several_one_must_be_named()
    {
        await using var bed = new ServiceBed();
        var (dataCenter, cluster) = await bed.Cluster();
        var host = await bed.Host(cluster);
        (await bed.Refused(New(null))).ShouldSatisfyAllConditions(none => none.Code.ShouldBe("data-storage-needed"), none => none.Advice!.ShouldBe("Attach one to the cluster."));
        var slow = await Storage("slow", "/srv/slow", cluster);

        await bed.Do(New(null));
        await bed.Do(New(host.HostId));
        (await bed.Store.List<Volume>()).Select(volume => volume.DataStorageId).ShouldBe([slow, slow]);

        var fast = await Storage("fast", "/srv/fast", cluster);
        var refused = await bed.Refused(New(null));
        (refused.Status, refused.Code, refused.Field, refused.Detail).ShouldBe((400, "data-storage-needed", "dataStorageId", "2 data storages are attached to clusters: 'fast', 'slow'."));
        refused.Candidates!.ShouldBe([$"{fast} fast", $"{slow} slow"]);
        (await bed.Refused(New(host.HostId))).Detail.ShouldBe("2 data storages are attached to the cluster of host 'host': 'fast', 'slow'.");

        // A host settles it where its cluster has one only.
        var other = ServiceBed.NewId();
        await bed.Do(new CreateCluster { Id = other, Name = "other", DataCenterId = dataCenter, Architecture = Architecture.X86_64 });
        var there = await bed.Host(other, name: "there");
        var own = await Storage("own", "/srv/own", other);
        var made = New(there.HostId);
        await bed.Do(made);
        (await bed.Store.Get<Volume>(made.Id)).DataStorageId.ShouldBe(own);

        for (var i = 0; i < 8; i++)
            await Storage($"more-{i}", $"/srv/more-{i}", other);
        var many = await bed.Refused(New(null));
        many.Detail.ShouldStartWith("11 data storages are attached to clusters: 'fast', 'more-0'");
        many.Detail.ShouldEndWith("'own', ….");
        many.Candidates!.Count.ShouldBe(10);

        CreateVolume New(Id? hostId) => new() { Id = ServiceBed.NewId(), Name = "v", SizeBytes = 1 << 20, HostId = hostId };

        async Task<Id> Storage(string name, string path, Id attached)
        {
            var id = ServiceBed.NewId();
            await bed.Do(new CreateDataStorage { Id = id, Name = name, DataCenterId = dataCenter, Path = path });
            await bed.Do(new AttachDataStorageToCluster(id) { ClusterId = attached });
            return id;
        }
    }

    [Fact]
    public async Task A_machine_is_told_by_name_what_it_could_have_meant()
    {
        await using var bed = new ServiceBed();
        var (_, image) = await VirtualMachineTests.Platform(bed);
        var (cluster, data) = ((await bed.Store.List<Cluster>()).Single(), (await bed.Store.List<DataStorage>()).Single());
        var second = ServiceBed.NewId();
        await bed.Do(new CreateDataStorage { Id = second, Name = "another", DataCenterId = cluster.DataCenterId, Path = "/srv/second" });
        await bed.Do(new AttachDataStorageToCluster(second) { ClusterId = cluster.Id });
        var create = new CreateVirtualMachine { Id = ServiceBed.NewId(), Name = "web", CpuCount = 1, MemoryBytes = 256L << 20, ImageId = image };

        var refused = await bed.Refused(create);
        (refused.Code, refused.Detail).ShouldBe(("data-storage-needed", $"2 data storages are attached to cluster '{cluster.Name}': 'another', 'data'."));
        refused.Candidates!.ShouldBe([$"{second} another", $"{data.Id} data"]);

        await bed.Do(new DetachDataStorageFromCluster(second) { ClusterId = cluster.Id });
        await bed.Do(new DetachDataStorageFromCluster(data.Id) { ClusterId = cluster.Id });
        (await bed.Refused(create)).Detail.ShouldBe($"No data storage is attached to cluster '{cluster.Name}'.");

        var other = ServiceBed.NewId();
        await bed.Do(new CreateCluster { Id = other, Name = "zz", DataCenterId = cluster.DataCenterId, Architecture = Architecture.X86_64 });
        refused = await bed.Refused(create);
        (refused.Code, refused.Field).ShouldBe(("cluster-needed", "clusterId"));
        refused.Candidates!.ShouldBe([$"{cluster.Id} {cluster.Name}", $"{other} zz"]);
    }
}
