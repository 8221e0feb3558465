using Microsoft.Extensions.DependencyInjection;
using Nssv.Contracts.Agent;
using Nssv.Contracts.Compute;
using Nssv.Contracts.Images;
using Nssv.Contracts.Inventory;
using Nssv.Contracts.Network;
using Nssv.Contracts.Platform;
using Nssv.Contracts.Storage;
using Nssv.Kernel;
using Nssv.Kernel.Agents;
using Nssv.Kernel.Calls;
using Nssv.Kernel.Cascade;
using Nssv.Kernel.Data;
using Nssv.Kernel.Deletion;
using Nssv.Kernel.Operations;
using Nssv.Simulator;
using Nssv.Tests.Data;
using Nssv.Tests.Services;
using Shouldly;
using Xunit;

namespace Nssv.Tests.Cascade;

/// <summary>Nothing goes with something else unless that was asked for; then all of it goes, leaves first, or what stays says why.</summary>
public abstract class CascadeTests : IAsyncLifetime
{
    private readonly Id _network = ServiceBed.NewId();
    private ITestDatabase _place = null!;
    private ServiceBed _bed = null!;
    private SimulatedHost _host = null!;
    private Id _image;
    private Id _center;
    private Id _cluster;
    private Func<Command, Problem?> _refusal = _ => null;

    protected abstract Task<ITestDatabase> Make();

    public async ValueTask InitializeAsync()
    {
        _place = await Make();
        var database = _place.Open(ServiceBed.Models);
        Schema.CreateFromModel(database);
        _bed = new ServiceBed(database);
        (_host, _image) = await VirtualMachineTests.Platform(_bed, new EngineBehaviour { Refuse = (command, _) => _refusal(command) });
        _center = (await _bed.Store.List<DataCenter>())[0].Id;
        _cluster = (await _bed.Store.List<Cluster>())[0].Id;
        await _bed.Do(new CreatePortGroup { Id = _network, Name = "net", DataCenterId = _center });
    }

    public async ValueTask DisposeAsync()
    {
        GC.SuppressFinalize(this);
        await _bed.DisposeAsync();
        await _place.DisposeAsync();
    }

    [Fact]
    public async Task A_data_center_goes_with_all_that_is_in_it_and_leaves_nothing_on_its_host()
    {
        await Machine("web");
        await Machine("idle", start: false);
        await _bed.Do(new DeleteVirtualMachine(await Machine("old")));
        await FreeVolume();
        var plan = await DryRun(new DeleteDataCenter(_center) { Cascade = true });

        var operation = await _bed.Do(new DeleteDataCenter(_center) { Cascade = true });

        (operation.Kind, operation.TargetId, operation.Progress).ShouldBe(("cascade.delete", _center, 100));
        await NothingIsLeft();
        _host.Machine.Domains.ShouldBeEmpty();
        _host.Machine.Layers.ShouldBeEmpty();
        var children = await _bed.Store.List<Operation>(Condition.Equal(nameof(Operation.ParentId), operation.Id));
        children.ShouldAllBe(child => child.State == OperationState.Succeeded);
        children.GroupBy(child => (child.TargetId, child.Kind)).ShouldAllBe(group => group.Count() == 1);
        plan.Refused.ShouldBeFalse();
        (plan.Counts["virtual-machine"], plan.Counts["volume"], plan.Counts["network-interface"], plan.Counts["data-center"]).ShouldBe((3, 7, 3, 1));
        plan.Steps.Where(step => step.PartOf is null).Select(step => (step.Action, step.Kind)).ShouldBe([
            (CascadeAction.Expunge, "volume"), (CascadeAction.Expunge, "virtual-machine"), (CascadeAction.Expunge, "image"),
            (CascadeAction.Delete, "image-storage"), (CascadeAction.Detach, "data-storage-attachment"), (CascadeAction.Delete, "port-group"),
            (CascadeAction.Delete, "data-storage"), (CascadeAction.Delete, "host"), (CascadeAction.Delete, "cluster"), (CascadeAction.Delete, "data-center")], ignoreOrder: true);
    }

    [Fact]
    public async Task A_dry_run_changes_nothing_and_says_what_stands_in_the_way_now_and_what_cascade_would_take()
    {
        await Machine("web");
        var before = await Counts();
        var plan = await DryRun(new DeleteCluster(_cluster));

        plan.Refused.ShouldBeTrue();
        plan.Total.ShouldBe(1);
        plan.Hindrances.Select(hindrance => hindrance.Kind).Distinct().ShouldBe(["host", "virtual-machine", "data-storage-attachment"], ignoreOrder: true);
        plan.Hindrances.ShouldAllBe(hindrance => hindrance.Because.Contains(" uses cluster 'cluster' (") && hindrance.Advice.Contains("cascade=true"));
        plan.Hindrances.Single(hindrance => hindrance.Kind == "data-storage-attachment").Because.ShouldStartWith("data-storage-attachment of data-storage 'data' (");
        plan.Hindrances.Single(hindrance => hindrance.Kind == "data-storage-attachment").Advice.ShouldContain($":detach {{\"clusterId\":\"{_cluster}\"}}");
        var machine = plan.Hindrances.Single(hindrance => hindrance.Kind == "virtual-machine");
        machine.Because.ShouldBe($"virtual-machine 'web' ({machine.Id}) uses cluster 'cluster' ({_cluster}).");
        machine.Advice.ShouldBe($"Remove it first: DELETE /api/v1/virtual-machines/{machine.Id}?expunge=true, or all of it with cascade=true.");
        (await Counts()).ShouldBe(before);
    }

    [Fact]
    public async Task Without_cascade_a_deletion_is_refused_as_ever_and_says_how_to_go_on()
    {
        var problem = await _bed.Refused(new DeleteDataCenter(_center));
        (problem.Status, problem.Code).ShouldBe((409, "in-use"));
        problem.Advice!.ShouldContain("dryRun=true");
        problem.Advice!.ShouldContain("cascade=true");
    }

    [Fact]
    public async Task What_uses_an_image_is_named_once_and_no_cascade_is_held_out()
    {
        var vm = await Machine("web");
        var problem = await _bed.Refused(new RemoveImage(_image));
        problem.Detail!.ShouldContain($"virtual-machine 'web' ({vm})");
        problem.Advice!.ShouldContain("dryRun=true");
        problem.Advice!.ShouldNotContain("cascade=true");
        (await _bed.Refused(new RemoveImage(_image) { Cascade = true })).Code.ShouldBe("cascade-refused");
        var plan = await DryRun(new RemoveImage(_image));
        // Its disk uses the image as well, and goes with it.
        var only = plan.Hindrances.ShouldHaveSingleItem();
        (only.Id, only.Advice, plan.HindranceCount).ShouldBe((vm, $"Remove it first: DELETE /api/v1/virtual-machines/{vm}?expunge=true.", 1));
    }

    [Fact]
    public async Task A_dry_run_is_never_accepted() =>
        await Should.ThrowAsync<InvalidOperationException>(() => _bed.Accept(new DeleteDataCenter(_center) { DryRun = true }));

    [Fact]
    public async Task A_host_whose_machine_stays_is_refused_and_the_machine_named()
    {
        await _bed.Do(new DetachImageStorageFromDataCenter((await _bed.Store.List<ImageStorage>())[0].Id) { DataCenterId = _center });
        var vm = await Machine("web");
        var problem = await _bed.Refused(new DeleteHost(_host.HostId) { Cascade = true });
        problem.Code.ShouldBe("cascade-refused");
        var plan = await DryRun(new DeleteHost(_host.HostId) { Cascade = true });
        plan.Hindrances.ShouldContain(hindrance => hindrance.Kind == "virtual-machine" && hindrance.Id == vm && hindrance.Name == "web");
        (await _bed.Store.Find<Host>(_host.HostId)).ShouldNotBeNull();
    }

    [Fact]
    public async Task An_image_storage_that_another_data_center_uses_keeps_its_host()
    {
        var other = ServiceBed.NewId();
        await _bed.Do(new CreateDataCenter { Id = other, Name = "other" });
        await _bed.Do(new AttachImageStorageToDataCenter((await _bed.Store.List<ImageStorage>())[0].Id) { DataCenterId = other });
        var problem = await _bed.Refused(new DeleteDataCenter(_center) { Cascade = true });
        problem.Detail!.ShouldContain("image storage 'images' is attached to data center 'other'");
    }

    [Fact]
    public async Task Only_what_a_person_can_remove_is_asked_for()
    {
        await Machine("web");
        var problem = await _bed.Refused(new DeleteHost((await _bed.Store.List<Host>())[0].Id));
        problem.Detail!.ShouldContain("host-reservation");
        problem.Advice!.ShouldStartWith("Delete or detach each image-storage, virtual-machine and volume first, then delete the host.");
    }

    [Fact]
    public async Task What_is_never_deleted_stands_in_the_way()
    {
        var vm = await Machine("kept", start: false, DeletionPolicy.Never);
        var problem = await _bed.Refused(new DeleteDataCenter(_center) { Cascade = true });
        problem.Detail!.ShouldContain("virtual-machine 'kept' has deletion policy 'never'");
        await _bed.Do(new DeleteVirtualMachine(vm) { Expunge = true });
        (await DryRun(new DeleteDataCenter(_center) { Cascade = true })).Refused.ShouldBeFalse();
    }

    [Fact]
    public async Task A_volume_of_a_machine_that_stays_keeps_its_storage()
    {
        await Machine("web");
        var storage = (await _bed.Store.List<DataStorage>())[0].Id;
        var plan = await DryRun(new DeleteDataStorage(storage) { Cascade = true });
        plan.Refused.ShouldBeTrue();
        plan.Hindrances.ShouldContain(hindrance => hindrance.Kind == "volume" && hindrance.Because.Contains("is attached to virtual-machine 'web' ("));
        plan.Hindrances.Count(hindrance => hindrance.Advice.StartsWith("Detach it first (POST /api/v1/volumes/", StringComparison.Ordinal)).ShouldBe(1, "the disk that it boots from cannot be detached");
    }

    [Fact]
    public async Task A_data_storage_goes_with_free_volumes_copies_and_links()
    {
        await _bed.Do(new DeleteVirtualMachine(await Machine("web")) { Expunge = true });
        await FreeVolume();
        (await _bed.Store.Count<VolumeLayer>()).ShouldBe(2);
        var storage = (await _bed.Store.List<DataStorage>())[0].Id;
        await _bed.Do(new DeleteDataStorage(storage) { Cascade = true });
        (await _bed.Store.Count<DataStorage>() + await _bed.Store.Count<Volume>() + await _bed.Store.Count<VolumeLayer>()).ShouldBe(0);
        _host.Machine.Layers.ShouldBeEmpty();
    }

    [Fact]
    public async Task What_cannot_be_deleted_stops_it_by_name_and_what_is_gone_stays_gone()
    {
        var vm = await Machine("web");
        _refusal = command => command is DetachImageStorage ? new Problem(409, "refused", "No.", "The test refuses.", "Ask the test.") : null;
        var operation = await _bed.Run(new DeleteDataCenter(_center) { Cascade = true });
        operation.State.ShouldBe(OperationState.Failed);
        operation.Error!.Code.ShouldBe("cascade-stopped");
        operation.Error.Detail!.ShouldContain("image-storage 'images' could not be deleted");
        operation.Error.Detail!.ShouldContain("stays deleted");
        (await _bed.Store.Find<VirtualMachine>(vm)).ShouldBeNull();
        (await _bed.Store.Find<Cluster>(_cluster)).ShouldNotBeNull();

        _refusal = _ => null;
        await _bed.Do(new DeleteDataCenter(_center) { Cascade = true });
        await NothingIsLeft();
    }

    [Fact]
    public async Task What_comes_in_while_it_runs_goes_as_well()
    {
        await Machine("web");
        var came = 0;
        _bed.BeforeCommit = async unit =>
        {
            // The row of the host goes: only the cluster is left, and here comes another host.
            if (unit.Changes.Any(change => change is Change.Delete { Row: Host }) && Interlocked.Increment(ref came) == 1)
                await _bed.Do(new CreateHost { Id = ServiceBed.NewId(), Name = "late", ClusterId = _cluster, Address = "192.0.2.9" });
        };
        await _bed.Do(new DeleteDataCenter(_center) { Cascade = true });
        came.ShouldBeGreaterThan(1);
        await NothingIsLeft();
    }

    [Fact]
    public async Task An_operation_that_waits_for_the_data_center_does_not_keep_it_from_going()
    {
        await Machine("web");
        Operation? waiting = null;
        var asked = 0;
        _bed.BeforeCommit = async unit =>
        {
            if (unit.Changes.Any(change => change is Change.Delete { Row: Host }) && Interlocked.Increment(ref asked) == 1)
                waiting = await _bed.Accept(new DeleteDataCenter(_center) { Cascade = true });
        };
        await _bed.Do(new DeleteDataCenter(_center) { Cascade = true });
        (await _bed.Ended(waiting!.Id)).State.ShouldBe(OperationState.Succeeded, "there is nothing left to do");
    }

    [Fact]
    public async Task A_detachment_can_be_tried_without_doing_it()
    {
        await Machine("web");
        var storage = (await _bed.Store.List<DataStorage>())[0].Id;
        var plan = await DryRun(new DetachDataStorageFromCluster(storage) { ClusterId = _cluster, DryRun = true });
        plan.Refused.ShouldBeTrue();
        plan.Hindrances.ShouldHaveSingleItem().Because.ShouldContain("keep 2 volumes");
        (await DryRun(new DetachImageStorageFromDataCenter((await _bed.Store.List<ImageStorage>())[0].Id) { DataCenterId = _center, DryRun = true })).Refused.ShouldBeFalse();
        (await _bed.Store.Count<ImageStorageAttachment>()).ShouldBe(1);
    }

    private ValueTask<CascadeDocument> DryRun(Request request) => _bed.Services.GetRequiredService<Cascades>().DryRun(request, _bed.Admin, null);

    private async Task NothingIsLeft() => (await Counts())[..^1].ShouldAllBe(count => count == 0);

    private async Task<long[]> Counts()
    {
        var store = _bed.Store;
        return
        [
            await store.Count<DataCenter>(), await store.Count<Cluster>(), await store.Count<Host>(), await store.Count<HostReservation>(), await store.Count<VirtualMachine>(), await store.Count<Volume>(),
            await store.Count<VolumeLayer>(), await store.Count<NetworkInterface>(), await store.Count<PortGroup>(), await store.Count<DataStorage>(), await store.Count<DataStorageAttachment>(),
            await store.Count<HostDataStorage>(), await store.Count<ImageStorage>(), await store.Count<ImageStorageAttachment>(), await store.Count<Image>(), await store.Count<RecycledItem>(),
            await store.Count<Operation>(),
        ];
    }

    private async Task<Id> Machine(string name, bool start = true, DeletionPolicy? policy = null)
    {
        var id = ServiceBed.NewId();
        await _bed.Do(new CreateVirtualMachine
        {
            Id = id,
            Name = name,
            CpuCount = 1,
            MemoryBytes = 256L << 20,
            ImageId = _image,
            Start = start,
            DataDisks = [new() { SizeBytes = 1 << 20 }],
            Nics = [new() { PortGroupId = _network }],
            DeletionPolicy = policy,
        });
        return id;
    }

    private async Task FreeVolume() =>
        await _bed.Do(new CreateVolume { Id = ServiceBed.NewId(), Name = "free", SizeBytes = 1 << 20, DataStorageId = (await _bed.Store.List<DataStorage>())[0].Id });
}

[Trait("group", "data")]
public sealed class SqliteCascadeTests : CascadeTests
{
    protected override async Task<ITestDatabase> Make() => await Task.FromResult(new SqliteFile());
}

[Trait("group", "data")]
public sealed class PostgresCascadeTests(PostgresServer server) : CascadeTests
{
    protected override async Task<ITestDatabase> Make() => new PostgresTestDatabase(await server.CreateDatabase());
}
