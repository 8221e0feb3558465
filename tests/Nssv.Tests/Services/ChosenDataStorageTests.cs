using Nssv.Contracts.Inventory;
using Nssv.Contracts.Storage;
using Nssv.Kernel;
using Shouldly;
using Xunit;

namespace Nssv.Tests.Services;

/// <summary>A new volume whose storage is not named.</summary>
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
        (refused.Status, refused.Code, refused.Field, refused.Detail).ShouldBe((400, "data-storage-needed", "dataStorageId", "There are 2 data storages: 'fast', 'slow'."));
        refused.Candidates!.ShouldBe([fast.ToString(), slow.ToString()]);

        // A host settles it where its cluster has one only.
        var other = ServiceBed.NewId();
        await bed.Do(new CreateCluster { Id = other, Name = "other", DataCenterId = dataCenter, Architecture = Architecture.X86_64 });
        var there = await bed.Host(other, name: "there");
        var own = await Storage("own", "/srv/own", other);
        var made = New(there.HostId);
        await bed.Do(made);
        (await bed.Store.Get<Volume>(made.Id)).DataStorageId.ShouldBe(own);

        CreateVolume New(Id? hostId) => new() { Id = ServiceBed.NewId(), Name = "v", SizeBytes = 1 << 20, HostId = hostId };

        async Task<Id> Storage(string name, string path, Id attached)
        {
            var id = ServiceBed.NewId();
            await bed.Do(new CreateDataStorage { Id = id, Name = name, DataCenterId = dataCenter, Path = path });
            await bed.Do(new AttachDataStorageToCluster(id) { ClusterId = attached });
            return id;
        }
    }
}
