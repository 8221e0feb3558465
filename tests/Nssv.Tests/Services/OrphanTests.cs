using Microsoft.Extensions.DependencyInjection;
using Nssv.Contracts.Agent;
using Nssv.Contracts.Inventory;
using Nssv.Contracts.Storage;
using Nssv.Kernel.Calls;
using Nssv.Kernel.Data;
using Nssv.Services.Inventory.Observation;
using Nssv.Simulator;
using Shouldly;
using Xunit;

namespace Nssv.Tests.Services;

[Trait("group", "services")]
public sealed class OrphanTests
{
    [Fact]
    public async Task What_no_row_accounts_for_is_shown_and_goes_only_when_asked()
    {
        await using var bed = new ServiceBed();
        var (host, kept, lost) = await TwoVolumesOfWhichOneLosesItsRows(bed);

        await Report(bed, host, 1);
        (await bed.Store.Get<Host>(host.HostId)).Orphans.ShouldHaveSingleItem().Id.ShouldBe(lost);
        host.Machine.Layers.Count.ShouldBe(2, "found is not removed");

        await bed.Do(new RemoveHostOrphans(host.HostId));
        host.Machine.Layers.ShouldHaveSingleItem().LayerId.ShouldBe(kept);
        (await bed.Store.Get<Host>(host.HostId)).Orphans.ShouldBeEmpty();
    }

    [Fact]
    public async Task What_has_a_row_again_is_left_alone()
    {
        await using var bed = new ServiceBed();
        var (host, _, lost) = await TwoVolumesOfWhichOneLosesItsRows(bed);
        await Report(bed, host, 1);
        var other = (await bed.Store.List<VolumeLayer>())[0];
        await bed.Insert(other with { Id = lost, VolumeId = null });

        await bed.Do(new RemoveHostOrphans(host.HostId));

        host.Machine.Layers.Count.ShouldBe(2);
    }

    private static async Task<(SimulatedHost Host, Nssv.Kernel.Id Kept, Nssv.Kernel.Id Lost)> TwoVolumesOfWhichOneLosesItsRows(ServiceBed bed)
    {
        var (dataCenter, cluster) = await bed.Cluster();
        var host = await bed.Host(cluster);
        var storage = ServiceBed.NewId();
        await bed.Do(new CreateDataStorage { Id = storage, Name = "local", DataCenterId = dataCenter, Kind = "local", Path = "/srv/data" });
        await bed.Do(new AttachDataStorageToCluster(storage) { ClusterId = cluster });
        foreach (var name in new[] { "kept", "lost" })
            await bed.Do(new CreateVolume { Id = ServiceBed.NewId(), Name = name, DataStorageId = storage, SizeBytes = 1 << 20 });
        var volumes = await bed.Store.List<Volume>();
        var lost = volumes.Single(v => v.Name == "lost");
        var layer = await bed.Store.Get<VolumeLayer>(lost.ActiveLayerId!.Value);
        await bed.Services.GetRequiredService<IWriter>().Commit(new UnitOfWork().Delete(layer).Delete(lost));
        return (host, volumes.Single(v => v.Name == "kept").ActiveLayerId!.Value, layer.Id);
    }

    private static async Task Report(ServiceBed bed, SimulatedHost host, long sequence)
    {
        var observation = bed.Services.GetRequiredService<HostObservation>();
        var report = new HostReport(host.HostId, host.Machine.BootId, 1, sequence, true, host.Machine.Domains, host.Machine.Layers);
        await observation.Report(report);
    }
}
