using System.Text.Json.Nodes;
using Nssv.Client;
using Shouldly;
using Xunit;

namespace Nssv.System.Tests.Platform;

/// <summary>What the README promises, typed as a person types it.</summary>
[Collection(SharedInstanceCollection.Name)]
public sealed class LifecycleTests(SharedInstance shared)
{
    private readonly Instance _instance = shared.Instance;

    [Fact]
    public async Task A_second_up_changes_nothing()
    {
        var before = await _instance.Footprint();
        var settings = Instance.ReadJson($"{_instance.Home}/nssv.json").ToJsonString();
        var operations = await Operations();
        var (manager, agent) = (_instance.ManagerPid, _instance.AgentPid);
        await _instance.Cli("up");
        (_instance.ManagerPid, _instance.AgentPid).ShouldBe((manager, agent));
        (await _instance.Footprint()).ShouldBe(before);
        (await Operations()).ShouldBe(operations);
        Instance.ReadJson($"{_instance.Home}/nssv.json").ToJsonString().ShouldBe(settings);
        var status = await _instance.CliJson("status");
        ((int)status["manager"]!["pid"]!, (bool)status["manager"]!["healthy"]!, (bool)status["agent"]!["healthy"]!).ShouldBe((manager, true, true));
        File.GetUnixFileMode($"{_instance.Home}/admin-password").ShouldBe(UnixFileMode.UserRead | UnixFileMode.UserWrite);
    }

    [Fact]
    public void What_others_may_read_in_the_home_holds_no_secret()
    {
        const UnixFileMode others = UnixFileMode.GroupRead | UnixFileMode.GroupWrite | UnixFileMode.OtherRead | UnixFileMode.OtherWrite;
        var open = Directory.EnumerateFiles(_instance.Home, "*", SearchOption.AllDirectories)
            .Where(file => (File.GetUnixFileMode(file) & others) != 0 && !IsBehindClosedDoors(file)).Select(file => Path.GetRelativePath(_instance.Home, file)).Order();

        // QEMU's own user reads the layers that several machines share; their names cannot be listed.
        open.Where(file => !file.StartsWith("storage/data/layers/", StringComparison.Ordinal)).ShouldBe(["agent/ca.crt", "nssv.json"]);
    }

    private bool IsBehindClosedDoors(string file)
    {
        for (var folder = Path.GetDirectoryName(file)!; folder.Length >= _instance.Home.Length; folder = Path.GetDirectoryName(folder)!)
        {
            if ((File.GetUnixFileMode(folder) & UnixFileMode.OtherExecute) == 0)
                return true;
        }

        return false;
    }

    [Fact]
    public async Task The_path_of_the_readme()
    {
        var before = await _instance.Footprint();
        await _instance.Cli("portgroup", "create", "quiet", "--datacenter", "datacenter", "--wait");
        var created = await _instance.CliJson("vm", "create", "first", "--image", "micro", "--cpus", "1", "--memory", "256MiB", "--data-disk", "64MiB", "--nic", "quiet", "--wait");
        var id = (string)created["target"]!["id"]!;
        var domain = _instance.DomainOf(id);
        await using (var console = _instance.Talk("vm", "console", "first", "--follow"))
        {
            (await _instance.CliJson("vm", "show", "first"))["state"]!.ToString().ShouldBe("running");
            (await _instance.Cli("vm", "list")).ShouldContain("first");
            Shell.Virsh("domstate", domain).Trim().ShouldBe("running");
            Instance.Taps().Count.ShouldBe(1);

            await console.Until("MICRO-READY");
            await console.Say("echo disk=$(cat /sys/block/vdb/size) card=$(cat /sys/class/net/eth0/address) cpus=$(nproc).\n");
            var nic = await One("network-interfaces", $"virtualMachineId = \"{id}\"");
            await console.Until($"disk={(64 << 20) / 512} card={nic["macAddress"]} cpus=1.");

            await _instance.Cli("vm", "pause", "first", "--wait");
            (await _instance.VmState(id)).ShouldBe("paused");
            Shell.Virsh("domstate", domain).Trim().ShouldBe("paused");
            await _instance.Cli("vm", "resume", "first", "--wait");
            (await _instance.VmState(id)).ShouldBe("running");

            await _instance.Cli("vm", "reboot", "first", "--wait");
            await console.Until("MICRO-READY");
            _instance.Starts(id).ShouldBe(1, "a reboot is the guest's, not a new QEMU");

            var stopped = await _instance.CliJson("vm", "stop", "first", "--wait");
            stopped["result"]!["forced"]!.GetValue<bool>().ShouldBeFalse("its guest listens");
            await console.Until("MICRO-POWEROFF");
        }

        (await _instance.VmState(id)).ShouldBe("stopped");
        Shell.Virsh("domstate", domain).Trim().ShouldBe("shut off");
        Instance.Taps().ShouldBeEmpty();

        // Asked once more there is nothing to do, and that is a success.
        var again = await _instance.CliJson("vm", "stop", "first", "--wait");
        (again["state"]!.ToString(), again["steps"]!.AsArray().Count).ShouldBe(("succeeded", 0));

        await _instance.Cli("vm", "start", "first", "--wait");
        (await _instance.VmState(id)).ShouldBe("running");
        _instance.Starts(id).ShouldBe(2);

        // Deleted, it is off and out of sight, and what it has is kept; recovered, it is as it was.
        await _instance.Cli("vm", "delete", "first", "--wait");
        (await _instance.Run("vm", "show", "first")).ExitCode.ShouldNotBe(0);
        Shell.Virsh("domstate", domain).Trim().ShouldBe("shut off");
        Instance.Taps().ShouldBeEmpty();
        (await _instance.Run("portgroup", "delete", "quiet", "--wait")).ExitCode.ShouldNotBe(0);
        await _instance.Cli("recycle-bin", "recover", "first", "--wait");
        (await _instance.IdOf("virtual-machines", "first")).ShouldBe(id);
        await _instance.Cli("vm", "start", "first", "--wait");
        _instance.Starts(id).ShouldBe(3);
        await _instance.Cli("vm", "delete", "first", "--wait");
        await _instance.Cli("recycle-bin", "expunge", "first", "--wait");
        (await _instance.Run("recycle-bin", "show", "first")).ExitCode.ShouldNotBe(0);
        _instance.Domains.ShouldBeEmpty();
        await _instance.Cli("portgroup", "delete", "quiet", "--wait");
        WithoutCache(await _instance.Footprint()).ShouldBe(WithoutCache(before));
    }

    [Fact]
    public async Task A_machine_can_be_made_without_a_start_and_expunged()
    {
        await _instance.DeleteVm(await _instance.CreateVm("cache", start: false));
        var before = await _instance.Footprint();
        await _instance.Cli("vm", "create", "second", "--image", "micro", "--cpus", "1", "--memory", "160MiB", "--no-start", "--wait");
        var id = await _instance.IdOf("virtual-machines", "second");
        (await _instance.VmState(id)).ShouldBe("stopped");
        _instance.Starts(id).ShouldBe(0);
        await _instance.Cli("vm", "delete", "second", "--expunge", "--wait");
        (await _instance.Footprint()).ShouldBe(before);
    }

    [Fact]
    public async Task The_raw_call_prints_problems_and_says_so_by_its_exit_code()
    {
        var good = await _instance.Run("api", "GET", "/api/v1/virtual-machines");
        (good.ExitCode, JsonNode.Parse(good.Output)!["items"]!.GetType()).ShouldBe((0, typeof(JsonArray)));
        var bad = await _instance.Run("api", "GET", $"/api/v1/virtual-machines/{Guid.CreateVersion7()}");
        bad.ExitCode.ShouldNotBe(0);
        ((int)JsonNode.Parse(bad.Output)!["status"]!).ShouldBe(404);
    }

    // The copy of an image that hosts keep is no trace of a machine.
    private static string WithoutCache(string footprint) => string.Join('\n', footprint.Split('\n')
        .Where(line => !line.StartsWith("volume-layers:", StringComparison.Ordinal) && !line.StartsWith("file: storage/data/layers/", StringComparison.Ordinal)));

    private async Task<JsonObject> One(string collection, string filter)
    {
        await foreach (var item in _instance.Api.List(collection, new ListQuery(filter)))
            return item;
        throw new InvalidOperationException($"none of the {collection} is {filter}");
    }

    private async Task<int> Operations()
    {
        var count = 0;
        await foreach (var _ in _instance.Api.List("operations", ListQuery.All))
            count++;
        return count;
    }
}
