using Nssv.Contracts.Agent;
using Nssv.Contracts.Inventory;
using Nssv.Contracts.Storage;
using Nssv.Kernel;
using Nssv.Kernel.Data;
using Shouldly;
using Xunit;

namespace Nssv.Tests.Services;

[Trait("group", "services")]
public sealed class InventoryTests
{
    [Fact]
    public async Task A_host_is_added_and_says_its_id()
    {
        await using var bed = new ServiceBed();
        var (_, cluster) = await bed.Cluster();
        var id = ServiceBed.NewId();
        var operation = await bed.Do(new CreateHost { Id = id, Name = "h", ClusterId = cluster, Address = "node-1.example" });
        operation.Result!["hostId"]!.GetValue<string>().ShouldBe(id.ToString());
        var host = await bed.Store.Get<Host>(id);
        host.State.ShouldBe(HostState.Enrolling);
        host.CpuOvercommitRatio.ShouldBe(HostRules.DefaultCpuOvercommitRatio);
    }

    [Fact]
    public async Task What_is_in_use_names_its_users_and_stays()
    {
        await using var bed = new ServiceBed();
        var (dataCenter, cluster) = await bed.Cluster();
        for (var i = 1; i <= 4; i++)
            await bed.Do(new CreateHost { Id = ServiceBed.NewId(), Name = $"node-{i}", ClusterId = cluster, Address = $"node-{i}" });

        var problem = await bed.Refused(new DeleteDataCenter(dataCenter));
        problem.Status.ShouldBe(409);
        problem.Code.ShouldBe("in-use");
        problem.Detail.ShouldBe($"data-center 'dc' is used by cluster 'cluster' ({cluster}).");
        problem.Advice.ShouldNotBeNull();

        var many = await bed.Refused(new DeleteCluster(cluster));
        many.Detail!.ShouldContain("4 hosts: 'node-1'");
        many.Detail.ShouldEndWith("and 1 more.");
        (await bed.Store.Find<Cluster>(cluster)).ShouldNotBeNull();
    }

    [Fact]
    public async Task What_is_free_is_deleted_from_the_inside_out()
    {
        await using var bed = new ServiceBed();
        var (dataCenter, cluster) = await bed.Cluster();
        var host = await bed.Host(cluster);
        await bed.Do(new DeleteHost(host.HostId));
        await bed.Do(new DeleteCluster(cluster));
        await bed.Do(new DeleteDataCenter(dataCenter));
        (await bed.Store.Count<Host>() + await bed.Store.Count<Cluster>() + await bed.Store.Count<DataCenter>()).ShouldBe(0);
    }

    [Fact]
    public async Task A_host_takes_its_storage_rows_and_tokens_along()
    {
        await using var bed = new ServiceBed();
        var (dataCenter, cluster) = await bed.Cluster();
        var host = await bed.Host(cluster);
        var storage = ServiceBed.NewId();
        await bed.Do(new CreateDataStorage { Id = storage, Name = "s", DataCenterId = dataCenter, Path = "/srv/nssv" });
        await bed.Do(new AttachDataStorageToCluster(storage) { ClusterId = cluster });
        (await bed.Store.Count<HostDataStorage>()).ShouldBe(1);
        await bed.Do(new DeleteHost(host.HostId));
        (await bed.Store.Count<HostDataStorage>()).ShouldBe(0);
    }

    [Theory]
    [InlineData("host.example", true)]
    [InlineData("localhost", true)]
    [InlineData("192.0.2.7", true)]
    [InlineData("2001:db8::7", true)]
    [InlineData("", false)]
    [InlineData("192.0.2.700", false)]
    [InlineData("1.2.3", false)]
    [InlineData("https://host", false)]
    [InlineData("host:22", false)]
    [InlineData("[::1]", false)]
    [InlineData("fe80::1%eth0", false)]
    [InlineData("-host", false)]
    [InlineData("a b", false)]
    [InlineData("host;rm", false)]
    [InlineData("höst", false)]
    public void An_address_is_a_name_or_an_address(string address, bool valid) => HostRules.Address("address", address).Any().ShouldBe(!valid);

    [Theory]
    [InlineData(0.5)]
    [InlineData(double.NaN)]
    [InlineData(1000)]
    public void An_overcommit_that_makes_no_sense_is_refused(double ratio) => HostRules.CpuOvercommit("cpuOvercommitRatio", ratio).ShouldNotBeEmpty();

    [Fact]
    public async Task A_reference_to_nothing_names_the_field()
    {
        await using var bed = new ServiceBed();
        var problem = await bed.Refused(new CreateHost { Id = ServiceBed.NewId(), Name = "h", ClusterId = ServiceBed.NewId(), Address = "h" });
        (problem.Status, problem.Code, problem.Field).ShouldBe((400, "reference-not-found", "clusterId"));
        (await bed.Store.Count<Host>()).ShouldBe(0);
    }

    [Fact]
    public async Task Only_a_silent_host_is_confirmed_to_be_down()
    {
        await using var bed = new ServiceBed();
        var (_, cluster) = await bed.Cluster();
        var host = await bed.Host(cluster);
        (await bed.Refused(new ConfirmHostDown(host.HostId))).Code.ShouldBe("host-not-disconnected");
        await bed.SetHost(host.HostId, row => row with { State = HostState.Disconnected });
        await bed.Do(new ConfirmHostDown(host.HostId));
        (await bed.Store.Get<Host>(host.HostId)).FenceState.ShouldBe(FenceState.ConfirmedByHuman);
    }
}
