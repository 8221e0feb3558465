using Microsoft.Extensions.DependencyInjection;
using Nssv.Contracts.Agent;
using Nssv.Contracts.Compute;
using Nssv.Contracts.Images;
using Nssv.Contracts.Inventory;
using Nssv.Contracts.Network;
using Nssv.Contracts.Platform;
using Nssv.Contracts.Storage;
using Nssv.Kernel;
using Nssv.Kernel.Calls;
using Nssv.Kernel.Calls.Patching;
using Nssv.Kernel.Cascade;
using Nssv.Kernel.Data;
using Nssv.Kernel.Deletion;
using Nssv.Kernel.Model;
using Nssv.Kernel.Operations;
using Nssv.Kernel.Query;
using Nssv.Kernel.Settings;
using Nssv.Services.Platform.Schedules;
using Nssv.Simulator;
using Nssv.Tests.Data;
using Nssv.Tests.Server;
using Nssv.Tests.Services;
using Shouldly;
using Xunit;

namespace Nssv.Tests.Deletion;

/// <summary>What is deleted can be recovered as it was until it is expunged, and occupies what it did; then nothing of it is left.</summary>
public abstract class RecycleBinTests : IAsyncLifetime
{
    private readonly ManualTime _time = new(Clock.Now(TimeProvider.System));
    private ITestDatabase _place = null!;
    private Database _database = null!;
    private ServiceBed _bed = null!;
    private SimulatedHost _host = null!;
    private Id _image;
    private readonly Id _network = ServiceBed.NewId();
    private Problem? _refusal;

    protected abstract Task<ITestDatabase> Make();

    public async ValueTask InitializeAsync()
    {
        _place = await Make();
        _database = _place.Open(ServiceBed.Models);
        Schema.CreateFromModel(_database);
        _bed = new ServiceBed(_database, _time);
        (_host, _image) = await VirtualMachineTests.Platform(_bed, new EngineBehaviour { Refuse = (command, _) => command is KillDomain ? _refusal : null });
        await _bed.Do(new CreatePortGroup { Id = _network, Name = "net", DataCenterId = (await _bed.Store.List<DataCenter>())[0].Id });
    }

    public async ValueTask DisposeAsync()
    {
        GC.SuppressFinalize(this);
        await _bed.DisposeAsync();
        await _place.DisposeAsync();
    }

    [Fact]
    public async Task A_deleted_machine_is_turned_off_hidden_and_holds_nothing_but_its_room()
    {
        var vm = await Machine();
        var deletion = await _bed.Do(new DeleteVirtualMachine(vm.Id));

        deletion.Kind.ShouldBe("virtual-machine.recycle");
        var after = await Get<VirtualMachine>(vm.Id);
        (after.State, after.DeletedAt, after.ExpungeAt, after.Version).ShouldBe((VmState.Recycled, Clock.Now(_time), Clock.Now(_time).AddDays(7), vm.Version));
        _host.Machine.Domains.ShouldAllBe(domain => domain.State == DomainState.Defined);
        (await Get<Host>(_host.HostId)).BookedCpuCount.ShouldBe(0);
        (await _bed.Store.Count<HostReservation>()).ShouldBe(0);
        (await Listed<VirtualMachine>()).ShouldBeEmpty();
        (await Listed<VirtualMachine>("name = web")).ShouldBeEmpty("its name is free again");
        (await _bed.Store.Count<Volume>(Condition.Equal(nameof(Volume.VirtualMachineId), vm.Id))).ShouldBe(2);

        var item = (await _bed.Store.List<RecycledItem>()).ShouldHaveSingleItem();
        (item.ResourceId, item.Kind, item.Name, item.ExpungeAt, item.CreatedBy).ShouldBe((vm.Id, "virtual-machine", "web", after.ExpungeAt, _bed.Admin.AccountId));
        var disks = await _bed.Store.List<Volume>(Condition.Equal(nameof(Volume.VirtualMachineId), vm.Id));
        (item.OccupiedBytes, item.DiskCount, item.AddressCount).ShouldBe((disks.Sum(disk => disk.SizeBytes), 2, 1));
    }

    [Fact]
    public async Task A_recovered_machine_is_stopped_with_its_disks_and_cards_and_starts()
    {
        var vm = await Machine();
        var disks = await _bed.Store.List<Volume>(Condition.Equal(nameof(Volume.VirtualMachineId), vm.Id));
        var card = (await _bed.Store.List<NetworkInterface>()).ShouldHaveSingleItem();
        await _bed.Do(new DeleteVirtualMachine(vm.Id));
        await _bed.Do(new DeleteVirtualMachine(vm.Id));

        await _bed.Do(new RecoverVirtualMachine(vm.Id));
        await _bed.Do(new RecoverVirtualMachine(vm.Id));

        var back = await Get<VirtualMachine>(vm.Id);
        (back.State, back.DeletedAt, back.ExpungeAt).ShouldBe((VmState.Stopped, null, null));
        (await _bed.Store.Count<RecycledItem>()).ShouldBe(0);
        (await Listed<VirtualMachine>()).ShouldBe([vm.Id]);
        (await _bed.Store.List<Volume>(Condition.Equal(nameof(Volume.VirtualMachineId), vm.Id))).Select(disk => disk.ToString()).ShouldBe(disks.Select(disk => disk.ToString()));
        (await _bed.Store.List<NetworkInterface>()).ShouldHaveSingleItem().MacAddress.ShouldBe(card.MacAddress);
        await _bed.Do(new StartVirtualMachine(vm.Id));
        _host.Machine.Domains.ShouldHaveSingleItem().State.ShouldBe(DomainState.Running);
    }

    [Fact]
    public async Task With_a_recycled_machine_nothing_can_be_done_but_recover_and_expunge()
    {
        var vm = await Machine(start: false);
        var disk = (await _bed.Store.List<Volume>(Condition.Equal(nameof(Volume.Role), VolumeRole.Data))).ShouldHaveSingleItem();
        await _bed.Do(new DeleteVirtualMachine(vm.Id));
        foreach (var request in new Request[]
        {
            new StartVirtualMachine(vm.Id), new StopVirtualMachine(vm.Id), new RebootVirtualMachine(vm.Id), new DetachVolume(disk.Id),
            new PatchResource<VirtualMachine>(vm.Id, new() { ["name"] = "other" }, "virtual-machine.update"),
        })
            (await _bed.Refused(request)).Code.ShouldBe("recycled", request.ToString());
        var inUse = await _bed.Refused(new DeleteVolume(disk.Id) { Expunge = true });
        (inUse.Code, inUse.Advice!.StartsWith("Detach it first (POST ", StringComparison.Ordinal)).ShouldBe(("volume-in-use", true));
        var root = (await _bed.Store.List<Volume>(Condition.Equal(nameof(Volume.Role), VolumeRole.Root))).ShouldHaveSingleItem();
        (await _bed.Refused(new DeleteVolume(root.Id) { Expunge = true })).Advice!.ShouldNotContain("etach", Case.Sensitive, "the disk that it boots from cannot be detached");
        (await _bed.Refused(new RemoveImage(_image) { Expunge = true })).Code.ShouldBe("image-in-use");
        (await _bed.Refused(new ExpungeVolume(disk.Id))).Code.ShouldBe("not-recycled");
    }

    [Fact]
    public async Task An_expunged_machine_leaves_nothing_but_the_images_copy()
    {
        var (binned, direct) = (await Machine(), await Machine("other"));
        await _bed.Do(new DeleteVirtualMachine(binned.Id));
        await _bed.Do(new ExpungeVirtualMachine(binned.Id));
        await _bed.Do(new DeleteVirtualMachine(direct.Id) { Expunge = true });

        (await _bed.Store.Count<VirtualMachine>()).ShouldBe(0);
        (await _bed.Store.Count<Volume>()).ShouldBe(0);
        (await _bed.Store.Count<RecycledItem>()).ShouldBe(0);
        (await _bed.Store.Count<VolumeLayer>()).ShouldBe(1);
        _host.Machine.Domains.ShouldBeEmpty();
    }

    [Fact]
    public async Task What_is_recovered_before_its_expunging_begins_stays()
    {
        var vm = await Machine();
        await _bed.Do(new DeleteVirtualMachine(vm.Id));
        var recovered = false;
        _bed.AfterCommit = async unit =>
        {
            // The expunging is accepted, and has not begun.
            if (recovered || !unit.Changes.Any(change => change is Change.Insert { Row: Operation { Kind: "virtual-machine.delete" } }))
                return;
            recovered = true;
            var row = await Get<VirtualMachine>(vm.Id);
            await _bed.Change(new UnitOfWork().Observe(row, row with { State = VmState.Stopped, DeletedAt = null, ExpungeAt = null }));
        };

        var expunging = await _bed.Run(new ExpungeVirtualMachine(vm.Id));

        recovered.ShouldBeTrue();
        (expunging.State, expunging.Error!.Code).ShouldBe((OperationState.Failed, "not-recycled"));
        (await Get<VirtualMachine>(vm.Id)).State.ShouldBe(VmState.Stopped);
        _host.Machine.Domains.ShouldHaveSingleItem();
    }

    [Theory]
    [InlineData(DeletionPolicy.Immediate)]
    [InlineData(DeletionPolicy.Delayed)]
    [InlineData(DeletionPolicy.Never)]
    public async Task A_resource_s_own_policy_counts_before_its_kind_s(DeletionPolicy policy)
    {
        Set(VirtualMachinePolicy, policy == DeletionPolicy.Immediate ? "never" : "immediate");
        var vm = await Machine(start: false);
        await _bed.Do(new PatchResource<VirtualMachine>(vm.Id, new() { ["deletionPolicy"] = policy.ToString().ToLowerInvariant() }, "virtual-machine.update"));
        await _bed.Do(new DeleteVirtualMachine(vm.Id));

        var after = await _bed.Store.Find<VirtualMachine>(vm.Id);
        (after is not null).ShouldBe(policy != DeletionPolicy.Immediate);
        if (after is not null)
            after.ExpungeAt.ShouldBe(policy == DeletionPolicy.Never ? null : Clock.Now(_time).AddDays(7));
    }

    [Fact]
    public async Task A_dry_run_says_that_it_goes_into_the_recycle_bin_and_until_when()
    {
        var vm = await Machine();
        var said = await DryRun(new DeleteVirtualMachine(vm.Id));
        said.Steps.Select(step => (step.Action, step.Kind, step.PartOf)).ShouldBe(
        [
            (CascadeAction.Recycle, "network-interface", "virtual-machine"), (CascadeAction.Recycle, "volume", "virtual-machine"), (CascadeAction.Recycle, "volume-layer", "virtual-machine"),
            (CascadeAction.Recycle, "virtual-machine", null),
        ], ignoreOrder: true);
        (said.Refused, said.ExpungeAt).ShouldBe((false, Clock.Now(_time).AddDays(7)));
        (await DryRun(new DeleteVirtualMachine(vm.Id) { Cascade = true })).ExpungeAt.ShouldBe(said.ExpungeAt);
        var expunged = await DryRun(new DeleteVirtualMachine(vm.Id) { Expunge = true });
        (expunged.Steps[^1].Action, expunged.ExpungeAt).ShouldBe((CascadeAction.Expunge, null));
        expunged.Steps.ShouldAllBe(step => step.Action != CascadeAction.Recycle);
        (await Get<VirtualMachine>(vm.Id)).Version.ShouldBe(vm.Version);
        (await _bed.Store.Count<RecycledItem>()).ShouldBe(0);

        await _bed.Do(new DeleteVirtualMachine(vm.Id));
        (await Get<VirtualMachine>(vm.Id)).ExpungeAt.ShouldBe(said.ExpungeAt, "what was said is what is done");
        _time.Advance(TimeSpan.FromDays(1));
        (await DryRun(new DeleteVirtualMachine(vm.Id))).ExpungeAt.ShouldBe(said.ExpungeAt, "it lies there already");
        (await DryRun(new RemoveImage(_image))).Hindrances.ShouldHaveSingleItem().Because.ShouldStartWith($"virtual-machine '{vm.Name}' ({vm.Id}) in the recycle bin uses image");
    }

    [Fact]
    public async Task A_dry_run_of_each_recycled_kind_goes_by_its_policy()
    {
        var volume = await FreeVolume();
        foreach (var request in (DeleteRequest[])[new DeleteVolume(volume), new RemoveImage(_image)])
            (await DryRun(request)).Steps[^1].Action.ShouldBe(CascadeAction.Recycle, request.ToString());
        await _bed.Do(new PatchResource<Volume>(volume, new() { ["deletionPolicy"] = "never" }, "volume.update"));
        var never = await DryRun(new DeleteVolume(volume));
        (never.Steps[^1].Action, never.ExpungeAt).ShouldBe((CascadeAction.Recycle, null));
        Set("deletion.image", "immediate");
        (await DryRun(new RemoveImage(_image))).Steps[^1].Action.ShouldBe(CascadeAction.Delete);
        Set("deletion.image", "delayed");
        var image = await Get<Image>(_image);
        await _bed.Change(new UnitOfWork().Observe(image, image with { State = ImageState.Importing }));
        (await DryRun(new RemoveImage(_image))).Steps[^1].Action.ShouldBe(CascadeAction.Delete, "what is not whole yet is nothing to come back to");
    }

    [Fact]
    public async Task A_kind_s_setting_counts_for_what_has_no_policy_and_so_does_the_time()
    {
        Set(DeletionSettings.RecycleTime.Name, "1h");
        var (delayed, removed) = (await Machine(start: false), await Machine("other", start: false));
        await _bed.Do(new DeleteVirtualMachine(delayed.Id));
        (await Get<VirtualMachine>(delayed.Id)).ExpungeAt.ShouldBe(Clock.Now(_time).AddHours(1));
        Set(VirtualMachinePolicy, "immediate");
        await _bed.Do(new DeleteVirtualMachine(removed.Id));
        (await _bed.Store.Find<VirtualMachine>(removed.Id)).ShouldBeNull();
    }

    [Fact]
    public async Task A_volume_and_an_image_go_and_come_back()
    {
        var volume = await FreeVolume();
        await _bed.Do(new DeleteVolume(volume));
        await _bed.Do(new RemoveImage(_image));
        var items = (await _bed.Store.List<RecycledItem>()).ToDictionary(item => item.ResourceId);
        (items[volume].Kind, items[volume].OccupiedBytes, items[_image].Kind, items[_image].OccupiedBytes)
            .ShouldBe(("volume", 1L << 20, "image", (await Get<Image>(_image)).StoredSizeBytes));
        (await Listed<Volume>()).ShouldBeEmpty();
        (await Listed<Image>()).ShouldBeEmpty();
        (await _bed.Refused(Create("web"))).Status.ShouldBe(409);
        var vm = Samples.Machine((await _bed.Store.List<Cluster>())[0].Id, _image);
        await _bed.Insert(vm with { ImageId = null });
        (await _bed.Refused(new AttachVolume(volume) { VirtualMachineId = vm.Id })).Code.ShouldBe("volume-not-ready");

        await _bed.Do(new RecoverVolume(volume));
        await _bed.Do(new RecoverImage(_image));

        (await Get<Volume>(volume)).State.ShouldBe(VolumeState.Ready);
        (await Get<Image>(_image)).State.ShouldBe(ImageState.Ready);
        (await _bed.Store.Count<RecycledItem>()).ShouldBe(0);
        await _bed.Do(new AttachVolume(volume) { VirtualMachineId = vm.Id });
        await Machine("uses it");
    }

    [Fact]
    public async Task A_volume_and_an_image_are_expunged()
    {
        var volume = await FreeVolume();
        await _bed.Do(new DeleteVolume(volume));
        await _bed.Do(new RemoveImage(_image));
        await _bed.Do(new ExpungeVolume(volume));
        await _bed.Do(new ExpungeImage(_image));
        (await _bed.Store.Count<Volume>()).ShouldBe(0);
        (await _bed.Store.Count<Image>()).ShouldBe(0);
        (await _bed.Store.Count<RecycledItem>()).ShouldBe(0);
        _host.Machine.Images.ShouldBeEmpty();
    }

    [Fact]
    public async Task An_expunging_that_fails_leaves_it_in_the_recycle_bin()
    {
        await _bed.Do(new RemoveImage(_image));
        await _bed.Insert(Samples.Machine((await _bed.Store.List<Cluster>())[0].Id, _image));
        var operation = await _bed.Run(new ExpungeImage(_image));
        (operation.State, operation.Error!.Code).ShouldBe((OperationState.Failed, "image-in-use"));
        (await Get<Image>(_image)).State.ShouldBe(ImageState.Recycled);
        (await _bed.Store.List<RecycledItem>()).ShouldHaveSingleItem().ResourceId.ShouldBe(_image);
    }

    [Fact]
    public async Task The_sweep_removes_what_is_due_and_nothing_else()
    {
        await _bed.Services.GetRequiredService<ScheduleClock>().MakeBuiltIn();
        var schedule = (await _bed.Store.List<Schedule>()).Single(schedule => schedule.Action == "recycle-bin.sweep");
        var (due, never, late, recovered) = (await Machine(start: false), await Machine("never", start: false), await Machine("late", start: false), await Machine("back", start: false));
        await _bed.Do(new PatchResource<VirtualMachine>(never.Id, new() { ["deletionPolicy"] = "never" }, "virtual-machine.update"));
        var volume = await FreeVolume();
        await _bed.Do(new DeleteVirtualMachine(due.Id));
        await _bed.Do(new DeleteVirtualMachine(never.Id));
        await _bed.Do(new DeleteVirtualMachine(recovered.Id));
        await _bed.Do(new DeleteVolume(volume));
        _time.Advance(TimeSpan.FromDays(1));
        await _bed.Do(new DeleteVirtualMachine(late.Id));
        await _bed.Do(new RecoverVirtualMachine(recovered.Id));

        _time.Advance(TimeSpan.FromDays(6));
        (await _bed.Services.GetRequiredService<ScheduleClock>().Look()).ShouldBe(1);
        var run = await _bed.Ended((await Get<Schedule>(schedule.Id)).LastOperationId!.Value);

        (run.State, run.Result!.ToJsonString()).ShouldBe((OperationState.Succeeded, """{"done":2,"failed":0}"""));
        (await _bed.Store.List<VirtualMachine>()).Select(vm => vm.Id).ShouldBe([never.Id, late.Id, recovered.Id], ignoreOrder: true);
        (await _bed.Store.Find<Volume>(volume)).ShouldBeNull();
        (await _bed.Store.List<RecycledItem>()).Select(item => item.ResourceId).ShouldBe([never.Id, late.Id], ignoreOrder: true);

        // Again and again it changes nothing.
        await _bed.Do(new RunSchedule(schedule.Id));
        (await _bed.Store.Count<RecycledItem>()).ShouldBe(2);
        await _bed.Do(new ExpungeVirtualMachine(never.Id));
        (await _bed.Store.Find<VirtualMachine>(never.Id)).ShouldBeNull();
    }

    [Fact]
    public async Task A_sweep_whose_list_is_old_leaves_what_was_recovered_and_deleted_again()
    {
        var vm = await Machine(start: false);
        await _bed.Do(new DeleteVirtualMachine(vm.Id));
        _time.Advance(TimeSpan.FromDays(7));
        var asked = Clock.Now(_time);
        await _bed.Do(new RecoverVirtualMachine(vm.Id));
        await _bed.Do(new ExpungeVirtualMachine(vm.Id) { IfDueBy = asked });
        await _bed.Do(new DeleteVirtualMachine(vm.Id));
        await _bed.Do(new ExpungeVirtualMachine(vm.Id) { IfDueBy = asked });
        (await Get<VirtualMachine>(vm.Id)).State.ShouldBe(VmState.Recycled);
    }

    [Fact]
    public async Task A_machine_whose_host_does_not_turn_it_off_is_not_deleted()
    {
        var vm = await Machine();
        _refusal = new Problem(500, "refused", "No.", "The test refuses.", "None.");
        var operation = await _bed.Run(new DeleteVirtualMachine(vm.Id));
        operation.State.ShouldBe(OperationState.Failed);
        (await Get<VirtualMachine>(vm.Id)).State.ShouldBe(VmState.Running);
        (await _bed.Store.Count<RecycledItem>()).ShouldBe(0);
    }

    private const string VirtualMachinePolicy = "deletion.virtualMachine";

    private void Set(string setting, string value) =>
        _bed.Services.GetRequiredService<SettingValues>().Take(_bed.Services.GetRequiredService<SettingCatalog>().Find(setting)!, 1, value).ShouldBeTrue();

    private CreateVirtualMachine Create(string name, bool start = true) => new()
    {
        Id = ServiceBed.NewId(),
        Name = name,
        CpuCount = 1,
        MemoryBytes = 256L << 20,
        ImageId = _image,
        Start = start,
        DataDisks = [new() { SizeBytes = 1 << 20 }],
        Nics = [new() { PortGroupId = _network }],
    };

    private async Task<VirtualMachine> Machine(string name = "web", bool start = true)
    {
        var create = Create(name, start);
        await _bed.Do(create);
        return await Get<VirtualMachine>(create.Id);
    }

    private async Task<Id> FreeVolume()
    {
        var storage = (await _bed.Store.List<DataStorage>())[0].Id;
        var volume = Samples.Volume(_host.HostId, storage, image: null);
        await _bed.Insert(volume, Samples.Layer(_host.HostId, storage, volume: volume.Id));
        return volume.Id;
    }

    private ValueTask<CascadeDocument> DryRun(Request request) => _bed.Services.GetRequiredService<Cascades>().DryRun(request, _bed.Admin, null);

    private Task<T> Get<T>(Id id) where T : class => _bed.Store.Get<T>(id).AsTask();

    private async Task<IEnumerable<Id>> Listed<T>(string? filter = null) where T : Resource =>
        (await new Collections(_database, TimeProvider.System).List<T>(new ListQuery { Filter = filter, Count = true }, AccessPredicate.All)) is var page && page.Count == page.Items.Count
            ? page.Items.Select(item => item.Id) : throw new InvalidOperationException("the count is not that of the list");
}

[Trait("group", "data")]
public sealed class SqliteRecycleBinTests : RecycleBinTests
{
    protected override async Task<ITestDatabase> Make() => await Task.FromResult(new SqliteFile());
}

[Trait("group", "data")]
public sealed class PostgresRecycleBinTests(PostgresServer server) : RecycleBinTests
{
    protected override async Task<ITestDatabase> Make() => new PostgresTestDatabase(await server.CreateDatabase());
}
