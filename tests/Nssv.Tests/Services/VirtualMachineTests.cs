using System.Text.Json.Nodes;
using Microsoft.Extensions.DependencyInjection;
using Nssv.Contracts.Agent;
using Nssv.Contracts.Compute;
using Nssv.Contracts.Images;
using Nssv.Contracts.Inventory;
using Nssv.Contracts.Storage;
using Nssv.Kernel;
using Nssv.Kernel.Calls.Patching;
using Nssv.Kernel.Data;
using Nssv.Kernel.Operations;
using Nssv.Server.Http;
using Nssv.Simulator;
using Nssv.Tests.Data;
using Shouldly;
using Xunit;

namespace Nssv.Tests.Services;

[Trait("group", "services")]
public sealed class VirtualMachineTests
{
    [Fact]
    public async Task A_machine_is_made_runs_and_goes_without_a_trace_but_the_images_copy()
    {
        await using var bed = new ServiceBed();
        var (host, image) = await Platform(bed);
        var id = ServiceBed.NewId();

        await bed.Do(new CreateVirtualMachine { Id = id, Name = "web", CpuCount = 2, MemoryBytes = 256L << 20, ImageId = image, DataDisks = [new() { SizeBytes = 1 << 20 }] });

        (await bed.Store.Get<VirtualMachine>(id)).State.ShouldBe(VmState.Running);
        (await bed.Store.Get<Host>(host.HostId)).BookedCpuCount.ShouldBe(2);
        host.Machine.Domains.ShouldHaveSingleItem().State.ShouldBe(DomainState.Running);

        await bed.Do(new DeleteVirtualMachine(id) { Expunge = true });

        await NothingIsLeft(bed, host, copies: 1);
    }

    [Fact]
    public async Task What_is_changed_while_it_runs_counts_from_its_next_start_and_the_operation_says_so()
    {
        await using var bed = new ServiceBed();
        var (_, image) = await Platform(bed);
        var id = ServiceBed.NewId();
        await bed.Do(new CreateVirtualMachine { Id = id, Name = "web", CpuCount = 2, MemoryBytes = 256L << 20, ImageId = image });

        (await Changed("cpuCount", 4)).ShouldBe("""{"fromNextStart":["cpuCount"]}""");
        (await Changed("cpuCount", 4)).ShouldBeNull("nothing was changed");
        (await Changed("description", "x")).ShouldBeNull();
        await bed.Do(new StopVirtualMachine(id) { Force = true });
        (await Changed("memoryBytes", 512L << 20)).ShouldBeNull("it does not run");

        async Task<string?> Changed(string field, JsonNode value) =>
            (await bed.Do(new PatchResource<VirtualMachine>(id, new() { [field] = value }, "virtual-machine.update"))).Result?.ToJsonString();
    }

    [Fact]
    public async Task A_stop_says_whether_the_guest_went_by_itself()
    {
        await using var bed = new ServiceBed();
        var (_, image) = await Platform(bed);
        var id = ServiceBed.NewId();
        await bed.Do(new CreateVirtualMachine { Id = id, Name = "web", CpuCount = 2, MemoryBytes = 256L << 20, ImageId = image });

        (await bed.Do(new StopVirtualMachine(id) { GraceSeconds = 60 })).Result!.ToJsonString().ShouldBe("""{"forced":false}""");
        (await bed.Do(new StopVirtualMachine(id) { GraceSeconds = 60 })).Result.ShouldBeNull("it did not run");
        await bed.Do(new StartVirtualMachine(id));
        (await bed.Do(new StopVirtualMachine(id) { GraceSeconds = 0 })).Result!.ToJsonString().ShouldBe("""{"forced":true}""");
    }

    [Fact]
    public async Task A_step_on_a_host_that_does_not_answer_says_what_it_waits_for()
    {
        await using var bed = new ServiceBed();
        var (host, image) = await Platform(bed);
        var made = await bed.Do(new CreateVirtualMachine { Id = ServiceBed.NewId(), Name = "web", CpuCount = 2, MemoryBytes = 256L << 20, ImageId = image });
        var going = made with { State = OperationState.Running, EndedAt = null };
        var step = (await bed.Store.List<OperationStep>(Condition.Equal(nameof(OperationStep.OperationId), made.Id))).First(step => step.HostId is not null);
        await bed.Change(new UnitOfWork().Update(step, step with { State = StepState.Started, EndedAt = null }));

        (await Waiting(going)).ShouldBeEmpty("its host is there");
        await bed.SetHost(host.HostId, row => row with { State = HostState.Disconnected, LastHeartbeatAt = DateTimeOffset.UnixEpoch });
        (await Waiting(going)).ShouldBe([$"host 'host' ({host.HostId}) does not answer since 1970-01-01T00:00:00Z"]);
        (await Waiting(made)).ShouldBeEmpty("it has ended");

        async Task<IEnumerable<string>> Waiting(Operation operation) =>
            (await OperationDocument.Of(operation, bed.Store, bed.Services.GetRequiredService<OperationEngine>()))["steps"]!.AsArray().Select(step => (string?)step!["waitsFor"]).OfType<string>();
    }

    [Fact]
    public async Task A_creation_whose_image_cannot_be_copied_leaves_nothing()
    {
        await using var bed = new ServiceBed();
        var (host, image) = await Platform(bed, new EngineBehaviour { Refuse = (command, _) => command is CacheImage ? NoRoom : null });

        var operation = await bed.Run(new CreateVirtualMachine { Id = ServiceBed.NewId(), Name = "web", CpuCount = 1, MemoryBytes = 256L << 20, ImageId = image });

        operation.State.ShouldBe(OperationState.Failed);
        operation.Error!.Code.ShouldBe("storage-full");
        await NothingIsLeft(bed, host, copies: 0);
    }

    [Fact]
    public async Task A_creation_whose_start_fails_leaves_nothing_but_the_images_copy()
    {
        await using var bed = new ServiceBed();
        var (host, image) = await Platform(bed, new EngineBehaviour { Refuse = (command, _) => command is StartDomain ? NoRoom : null });

        var operation = await bed.Run(new CreateVirtualMachine { Id = ServiceBed.NewId(), Name = "web", CpuCount = 1, MemoryBytes = 256L << 20, ImageId = image });

        operation.State.ShouldBe(OperationState.Failed);
        await NothingIsLeft(bed, host, copies: 1);
    }

    [Fact]
    public async Task What_no_host_could_ever_hold_is_refused_with_what_one_can()
    {
        await using var bed = new ServiceBed();
        var (_, image) = await Platform(bed);
        var problem = await bed.Refused(new CreateVirtualMachine { Id = ServiceBed.NewId(), Name = "web", CpuCount = 1, MemoryBytes = 8L << 40, ImageId = image });
        problem.Detail!.ShouldMatch(@"^The largest host can give [0-9.]+ [MGT]iB( \([0-9]+ bytes\))?; 8 TiB are wanted\.$");
    }

    [Theory]
    [InlineData(512, "512 bytes")]
    [InlineData((1L << 20) - 1, "1024 KiB (1048575 bytes)")]
    [InlineData(3L << 29, "1.5 GiB")]
    [InlineData((64L << 40) + 512, "64 TiB (70368744178176 bytes)")]
    [InlineData(1L << 50, "1 PiB")]
    public void A_size_is_told_in_a_unit_and_never_looks_like_what_it_is_not(long bytes, string words) => ByteCount.InWords(bytes).ShouldBe(words);

    /// <summary>After a manager has taken over, all hosts are compared with the rows before they get new work.</summary>
    [Fact]
    public async Task A_creation_waits_for_a_host_that_reconciles_and_for_no_other()
    {
        await using var bed = new ServiceBed();
        var (host, image) = await Platform(bed);
        CreateVirtualMachine Request(int cpuCount) => new() { Id = ServiceBed.NewId(), Name = "web", CpuCount = cpuCount, MemoryBytes = 256L << 20, ImageId = image };
        await bed.SetHost(host.HostId, row => row with { State = HostState.Reconciling, BookedMemoryBytes = row.MemoryBytes });

        var full = await bed.Run(Request(8));
        full.Error!.Code.ShouldBe("no-host-fits");

        await bed.SetHost(host.HostId, row => row with { BookedMemoryBytes = 0 });
        var waiting = await bed.Accept(Request(8));
        await Poll.Until("the first step tries again", async () => (await bed.Store.Get<Operation>(waiting.Id)).State == OperationState.Running);
        await bed.SetHost(host.HostId, row => row with { State = HostState.Connected });
        var operation = await bed.Ended(waiting.Id);
        operation.Error.ShouldBeNull();
        operation.State.ShouldBe(OperationState.Succeeded);
    }

    private static Problem NoRoom { get; } = new(507, "storage-full", "The storage has no room.");

    private static async Task NothingIsLeft(ServiceBed bed, SimulatedHost host, int copies)
    {
        (await bed.Store.Count<VirtualMachine>()).ShouldBe(0);
        (await bed.Store.Count<Volume>()).ShouldBe(0);
        (await bed.Store.Count<HostReservation>()).ShouldBe(0);
        (await bed.Store.List<VolumeLayer>()).Count.ShouldBe(copies);
        (await bed.Store.Get<Host>(host.HostId)).BookedMemoryBytes.ShouldBe(0);
        host.Machine.Domains.ShouldBeEmpty();
        host.Machine.Layers.Count.ShouldBe(copies);
    }

    internal static async Task<(SimulatedHost Host, Id Image)> Platform(ServiceBed bed, EngineBehaviour? behaviour = null, Func<Id, Task>? moreHosts = null)
    {
        var (dataCenter, cluster) = await bed.Cluster();
        var host = await bed.Host(cluster, behaviour);
        await bed.SetHost(host.HostId, row => row with { CpuCount = 8, MemoryBytes = 16L << 30 });
        if (moreHosts is not null)
            await moreHosts(cluster);
        var (data, images, image) = (ServiceBed.NewId(), ServiceBed.NewId(), ServiceBed.NewId());
        await bed.Do(new CreateDataStorage { Id = data, Name = "data", DataCenterId = dataCenter, Kind = "local", Path = "/srv/data" });
        await bed.Do(new AttachDataStorageToCluster(data) { ClusterId = cluster });
        await bed.Do(new CreateImageStorage { Id = images, Name = "images", Kind = "local", HostId = host.HostId, Path = "/srv/images" });
        await bed.Do(new AttachImageStorageToDataCenter(images) { DataCenterId = dataCenter });
        await bed.Do(new CreateImage
        {
            Id = image,
            Name = "micro",
            Kind = ImageKind.System,
            Format = ImageFormat.Qcow2,
            Architecture = Architecture.X86_64,
            ImageStorageId = images,
            Source = new ImageSource(File: "/import/micro.qcow2"),
        });
        return (host, image);
    }
}
