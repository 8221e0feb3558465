using System.Text.Json.Nodes;
using Shouldly;
using Xunit;

namespace Nssv.System.Tests.Platform;

/// <summary>Two instances on one machine, and what is left of one that is taken down.</summary>
[Collection(SharedInstanceCollection.Name)]
public sealed class SideBySideTests(SharedInstance shared)
{
    [Fact]
    public async Task An_instance_goes_without_a_trace_and_leaves_its_neighbour_alone()
    {
        var neighbour = shared.Instance;
        var theirs = await neighbour.CreateVm("same name");
        await using var other = await Instance.Start();
        other.PlatformId[..8].ShouldNotBe(neighbour.PlatformId[..8]);
        await other.Succeed(Instance.Post("port-groups", new JsonObject { ["name"] = "quiet", ["dataCenterId"] = await other.IdOf("data-centers", "datacenter") }));
        await other.Cli("vm", "create", "same name", "--image", "micro", "--cpus", "1", "--memory", "160MiB", "--nic", "quiet", "--wait");
        var id = await other.IdOf("virtual-machines", "same name");
        neighbour.Domains.ShouldBe([neighbour.DomainOf(theirs)]);
        other.Domains.ShouldBe([other.DomainOf(id)]);
        var tap = Instance.Taps().ShouldHaveSingleItem();

        // Down: the machine runs on, and is taken over again.
        await other.Cli("down");
        Shell.Virsh("domstate", other.DomainOf(id)).Trim().ShouldBe("running");
        Processes(other.Home).ShouldNotContain(line => line.Contains(".dll", StringComparison.Ordinal));
        (await neighbour.VmState(theirs)).ShouldBe("running");
        await other.Up();
        await other.AwaitVmState(id, "running", "taken over");
        other.Starts(id).ShouldBe(1);

        var (home, domain) = (other.Home, other.DomainOf(id));
        await other.Purge();
        Directory.Exists(home).ShouldBeFalse();
        Shell.Virsh("list", "--all", "--name").ShouldNotContain(domain);
        Instance.Taps().ShouldNotContain(tap);
        Processes(home).ShouldBeEmpty();
        Processes(domain).ShouldBeEmpty();
        Shell.ReadOrEmpty("/proc/mounts").ShouldNotContain(home);

        (await neighbour.VmState(theirs)).ShouldBe("running");
        neighbour.Starts(theirs).ShouldBe(1);
        await neighbour.DeleteVm(theirs);
    }

    /// <summary>Command lines that name this: daemons, their workers, QEMU.</summary>
    private static IReadOnlyList<string> Processes(string named) => [.. Directory.EnumerateDirectories("/proc")
        .Select(folder => Shell.ReadOrEmpty($"{folder}/cmdline").Replace('\0', ' ')).Where(line => line.Contains(named, StringComparison.Ordinal))];
}
