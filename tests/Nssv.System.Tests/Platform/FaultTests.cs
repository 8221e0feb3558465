using Nssv.Client;
using Nssv.Client.Problems;
using Shouldly;
using Xunit;

namespace Nssv.System.Tests.Platform;

/// <summary>Parts of the platform that are away for a while, and guests that do as they like.</summary>
[Collection(FaultyInstanceCollection.Name)]
public sealed class FaultTests(FaultyInstance faulty)
{
    private readonly Instance _instance = faulty.Instance;

    [Fact]
    public async Task A_restarted_libvirtd_finds_the_machines_and_what_they_do_is_seen()
    {
        var id = await _instance.CreateVm("survivor");
        await using var console = _instance.Talk("vm", "console", "survivor", "--follow");
        await console.Until("MICRO-READY");
        var qemu = QemuPid(id);
        var libvirtd = int.Parse(Shell.ReadOrEmpty("/run/libvirtd.pid"));
        Shell.Signal(libvirtd, Shell.Kill);
        await Instance.Until(() => Task.FromResult(!Shell.Runs(libvirtd)), "the end of libvirtd");
        Shell.Do("libvirtd", "-d");

        // The agent is connected again as soon as it can do something there.
        await Instance.Until(async () => (await _instance.Do(Instance.Post($"virtual-machines/{id}:pause"))).Succeeded, "a pause by the new libvirtd", () => Task.FromResult(_instance.Logs()));
        await _instance.Succeed(Instance.Post($"virtual-machines/{id}:resume"));
        (await _instance.VmState(id)).ShouldBe("running");
        QemuPid(id).ShouldBe(qemu);
        _instance.Starts(id).ShouldBe(1);

        // A guest that turns itself off, heard of through the new connection.
        await console.Say("\npoweroff -f\n");
        await _instance.AwaitVmState(id, "stopped", "the guest powered itself off");
        ((string?)(await _instance.Api.Get("virtual-machines", id))["stateReason"]).ShouldBe("guest-shutdown");
        Shell.Runs(qemu).ShouldBeFalse();
        await _instance.DeleteVm(id);
    }

    [Fact]
    public async Task The_machines_of_a_silent_host_are_unknown_and_right_again_when_it_returns()
    {
        var (runs, dies) = (await _instance.CreateVm("runs on"), await _instance.CreateVm("dies meanwhile"));
        var host = await _instance.Api.Get("virtual-machines", runs) is var vm ? (string)vm["hostId"]! : "";
        var agent = _instance.AgentPid;
        Shell.Signal(agent, Shell.Stop);
        try
        {
            await Instance.Until(async () => (string)(await _instance.Api.Get("hosts", host))["state"]! == "disconnected", "the host disconnected");
            await _instance.AwaitVmState(runs, "unknown", "its host is silent");
            await _instance.AwaitVmState(dies, "unknown", "its host is silent");
            foreach (var verb in new[] { "start", "stop", "pause", "resume", "reboot" })
            {
                var refused = await Refused(Instance.Post($"virtual-machines/{runs}:{verb}"));
                (refused.Status, refused.Code).ShouldBe((409, "vm-state-unknown"), verb);
                refused.Advice.ShouldNotBeNullOrEmpty();
            }

            (await Refused(Instance.Delete($"virtual-machines/{runs}"))).Code.ShouldBe("vm-state-unknown");
            var nowhere = await _instance.Do(Instance.Post("virtual-machines", await _instance.NewVm("nowhere")));
            (nowhere.Succeeded, nowhere.Error?.Code).ShouldBe((false, "no-host-fits"));
            nowhere.Error!.Detail.ShouldNotBeNull().ShouldContain("disconnected");
            (await _instance.Api.Find("virtual-machines", "nowhere")).ShouldBeNull();
            Shell.Virsh("destroy", _instance.DomainOf(dies));
        }
        finally
        {
            Shell.Signal(agent, Shell.Continue);
        }

        await Instance.Until(async () => (string)(await _instance.Api.Get("hosts", host))["state"]! == "connected", "the host connected", () => Task.FromResult(_instance.Logs()));
        await _instance.AwaitVmState(runs, "running", "its host is back");
        await _instance.AwaitVmState(dies, "stopped", "it ended while its host was silent");
        _instance.Starts(runs).ShouldBe(1);
        await _instance.DeleteVm(runs);
        await _instance.DeleteVm(dies);
    }

    private int QemuPid(string id) => int.Parse(Shell.ReadOrEmpty($"/run/libvirt/qemu/{_instance.DomainOf(id)}.pid"));

    private async Task<ApiProblem> Refused(ApiRequest request)
    {
        var answer = await _instance.Api.Send(request);
        ((int)answer.Status).ShouldBeInRange(400, 499, answer.Body);
        return ProblemReader.FromBody(answer.Status, answer.Body);
    }
}
