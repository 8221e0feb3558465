using System.Text.Json.Nodes;
using Nssv.Contracts.Compute;
using Nssv.Contracts.Inventory;
using Nssv.Kernel;
using Nssv.Kernel.Agents;
using Nssv.Kernel.Calls.Patching;
using Nssv.Kernel.Operations;
using Nssv.Simulator;
using Shouldly;
using Xunit;

namespace Nssv.Tests.Services;

/// <summary>The tag <c>compute.pinnedToHost</c>, with a second host that is smaller, so that nobody would choose it.</summary>
[Trait("group", "services")]
public sealed class PinnedMachineTests
{
    private const string Pin = "compute.pinnedToHost";

    [Fact]
    public async Task A_machine_goes_where_it_is_pinned_and_would_not_without()
    {
        await using var bed = new ServiceBed();
        var (large, small, image) = await Platform(bed);

        var free = await Create(bed, image, null);
        var pinned = await Create(bed, image, small.HostId);

        (await bed.Store.Get<VirtualMachine>(free)).HostId.ShouldBe(large.HostId);
        (await bed.Store.Get<VirtualMachine>(pinned)).HostId.ShouldBe(small.HostId);
        await bed.Do(new StopVirtualMachine(pinned) { Force = true });
        await bed.Do(new StartVirtualMachine(pinned));
        (await bed.Store.Get<VirtualMachine>(pinned)).HostId.ShouldBe(small.HostId);
    }

    [Fact]
    public async Task It_is_not_started_elsewhere_and_the_problem_says_why()
    {
        await using var bed = new ServiceBed();
        var (large, small, image) = await Platform(bed);
        var id = await Create(bed, image, null);
        await bed.Do(new StopVirtualMachine(id) { Force = true });

        await bed.Do(SetPin(id, small.HostId));
        var elsewhere = await bed.Run(new StartVirtualMachine(id));
        elsewhere.Error!.Code.ShouldBe("pinned-host-cannot");
        elsewhere.Error.Detail!.ShouldContain("its disks are");

        await bed.Do(SetPin(id, large.HostId));
        await bed.SetHost(large.HostId, row => row with { State = HostState.Disconnected });
        var silent = await bed.Run(new StartVirtualMachine(id));
        (silent.State, silent.Error!.Code).ShouldBe((OperationState.Failed, "pinned-host-cannot"));
        silent.Error.Detail!.ShouldContain("it is disconnected");
        silent.Error.Advice!.ShouldContain("tag unset");

        await bed.SetHost(large.HostId, row => row with { State = HostState.Connected });
        await bed.Do(SetPin(id, null));
        await bed.Do(new StartVirtualMachine(id));
    }

    [Fact]
    public async Task A_host_that_is_gone_is_named_as_the_reason()
    {
        await using var bed = new ServiceBed();
        var (_, _, image) = await Platform(bed);
        var id = await Create(bed, image, null);
        await bed.Do(new StopVirtualMachine(id) { Force = true });
        var (_, cluster) = await bed.Cluster();
        var third = ServiceBed.NewId();
        await bed.Do(new CreateHost { Id = third, Name = "third", ClusterId = cluster, Address = "192.0.2.3" });
        await bed.Do(SetPin(id, third));
        (await bed.Run(new StartVirtualMachine(id))).Error!.Detail!.ShouldContain("is in another cluster");

        await bed.Do(new DeleteHost(third));

        (await bed.Store.Get<VirtualMachine>(id)).Tags[Pin].ShouldBe(third.ToString());
        (await bed.Run(new StartVirtualMachine(id))).Error!.Detail!.ShouldContain("is not there any more");
    }

    [Fact]
    public async Task A_request_that_contradicts_itself_or_names_no_host_is_refused()
    {
        await using var bed = new ServiceBed();
        var (large, small, image) = await Platform(bed);

        (await bed.Refused(Request(image, small.HostId) with { HostId = large.HostId })).Code.ShouldBe("pinned-to-another-host");
        var none = await bed.Refused(Request(image, ServiceBed.NewId()));
        (none.Code, none.Field).ShouldBe(("reference-not-found", $"tags.{Pin}"));
        (await bed.Store.Count<VirtualMachine>()).ShouldBe(0);
    }

    private static async Task<Id> Create(ServiceBed bed, Id image, Id? pinned)
    {
        var request = Request(image, pinned);
        await bed.Do(request);
        return request.Id;
    }

    private static CreateVirtualMachine Request(Id image, Id? pinned) => new()
    {
        Id = ServiceBed.NewId(),
        Name = "web",
        CpuCount = 1,
        MemoryBytes = 256L << 20,
        ImageId = image,
        Tags = pinned is { } host ? new Dictionary<string, string> { [Pin] = host.ToString() } : null,
    };

    private static PatchResource<VirtualMachine> SetPin(Id id, Id? host) => new(id, new JsonObject { ["tags"] = new JsonObject { [Pin] = host?.ToString() } }, "virtual-machine.update");

    private static async Task<(SimulatedHost Large, SimulatedHost Small, Id Image)> Platform(ServiceBed bed)
    {
        SimulatedHost small = null!;
        var (large, image) = await VirtualMachineTests.Platform(bed, moreHosts: async cluster =>
        {
            small = await bed.Host(cluster, name: "small");
            await bed.SetHost(small.HostId, row => row with { CpuCount = 4, MemoryBytes = 4L << 30 });
        });
        return (large, small, image);
    }
}
