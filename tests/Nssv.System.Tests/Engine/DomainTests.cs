using System.Diagnostics;
using System.Text;
using Nssv.Contracts.Agent;
using Nssv.Contracts.Compute;
using Nssv.Kernel;
using Nssv.Libvirt;
using Shouldly;
using Xunit;

namespace Nssv.System.Tests.Engine;

[Collection("libvirt")]
public sealed class DomainTests : IAsyncLifetime
{
    private static readonly TimeSpan Soon = TimeSpan.FromSeconds(2), Patience = TimeSpan.FromSeconds(60);

    private EngineHost _host = null!;

    public async ValueTask InitializeAsync() => _host = await EngineHost.Open();

    public ValueTask DisposeAsync() => _host.DisposeAsync();

    [Fact]
    public async Task A_machine_boots_talks_shuts_down_and_leaves_nothing()
    {
        var spec = await _host.MicroSpec();
        var id = spec.VirtualMachineId;
        await _host.Boot(spec);
        (await _host.Event(s => s.VirtualMachineId == id && s.State is DomainState.Running, "running", Soon)).RunGeneration.ShouldBe(1);
        var tap = Tap(spec);
        // The card's end on the host is down: no address, no frame, and still a link for the guest.
        EngineHost.Shell("ip", "-o", "link", "show", tap).ShouldContain("state DOWN");
        EngineHost.Shell("ip", "-o", "addr", "show", tap).ShouldNotContain("inet");
        File.Exists($"{_host.Home}/vnc/{id}.sock").ShouldBeTrue();
        (await _host.Run(new StartDomain(id, 1))).State.ShouldBe(DomainState.Running);

        var watch = Stopwatch.StartNew();
        (await _host.Run(new StopDomain(id, 60))).ShouldBe(new StoppedDomain(id, 1, DomainState.Defined, "guest-shutdown", Forced: false));
        watch.Elapsed.ShouldBeLessThan(TimeSpan.FromSeconds(30));
        (await _host.Run(new StopDomain(id, 60))).State.ShouldBe(DomainState.Defined);
        EngineHost.Shell("ip", "-o", "link", "show", tap).ShouldContain("does not exist");

        var logs = () => Directory.EnumerateFiles("/var/log/libvirt/qemu", $"*{id}*").Count();
        logs().ShouldBeGreaterThan(0, "libvirt logs elsewhere: the next look at the logs would mean nothing");
        await _host.Run(new RemoveDomain(id));
        await _host.Run(new RemoveDomain(id));
        logs().ShouldBe(0);
        await _host.Event(s => s.VirtualMachineId == id && s.State is DomainState.Absent, "absent", Soon);
        EngineHost.Shell("virsh", "list", "--all", "--name").ShouldNotContain(id.ToString());
        Directory.EnumerateFiles(_host.Home, $"{id}*", SearchOption.AllDirectories).ShouldBeEmpty();
    }

    [Fact]
    public async Task A_guest_that_powers_itself_off_is_seen_stopped_within_two_seconds()
    {
        var spec = await _host.MicroSpec(nics: 0);
        var id = spec.VirtualMachineId;
        await _host.Boot(spec);
        await using var console = await _host.Engine.OpenConsole(id, CancellationToken.None);
        _host.ForgetEvents();
        // It echoes the marker and is off: from then on the clock runs.
        await console.WriteAsync(Encoding.ASCII.GetBytes("\necho OFF''-NOW; poweroff -f\n"));
        await EngineHost.ReadUntil(console, "OFF-NOW", Patience);
        await _host.Event(s => s.VirtualMachineId == id && s is { State: DomainState.Defined, Reason: "guest-shutdown" }, "stopped", Patience);
        var state = EngineHost.Shell("virsh", "domstate", id.ToString());
        state.ShouldContain("shut off");
    }

    [Fact]
    public async Task Hardware_does_not_move_when_a_disk_and_a_card_are_added()
    {
        var spec = await _host.MicroSpec(nics: 2);
        var first = (await _host.Run(new DefineDomain(spec))).Hardware;
        first.MachineType.ShouldStartWith("pc-q35-");
        first.CpuModelXml.ShouldContain("custom");

        var more = spec with
        {
            Hardware = first,
            RunGeneration = 2,
            Disks = [.. spec.Disks, await _host.NewDisk(1)],
            Nics = [.. spec.Nics, (await _host.MicroSpec()).Nics[0] with { DeviceIndex = 2 }],
        };
        var second = (await _host.Run(new DefineDomain(more))).Hardware;
        second.MachineType.ShouldBe(first.MachineType);
        second.CpuModelXml.ShouldBe(first.CpuModelXml);
        foreach (var (key, address) in first.Addresses)
            second.Addresses[key].ShouldBe(address, ignoreOrder: true, $"{key} moved");
        second.Addresses.Keys.ShouldContain($"disk:{more.Disks[1].VolumeId}");

        // And again without the first card: what is left stays where it is.
        var fewer = more with { Hardware = second, Nics = [more.Nics[1], more.Nics[2]] };
        var third = (await _host.Run(new DefineDomain(fewer))).Hardware;
        foreach (var key in third.Addresses.Keys)
            third.Addresses[key].ShouldBe(second.Addresses[key], ignoreOrder: true, $"{key} moved");
        (await _host.Run(new StartDomain(spec.VirtualMachineId, 2))).State.ShouldBe(DomainState.Running);
    }

    [Fact]
    public async Task An_older_start_is_refused_and_a_newer_one_too_while_it_runs()
    {
        var spec = (await _host.MicroSpec()) with { RunGeneration = 5 };
        var id = spec.VirtualMachineId;
        await _host.Run(new DefineDomain(spec));
        (await _host.Refused(new StartDomain(id, 4))).Code.ShouldBe("domain-generation-conflict");
        (await _host.Refused(new DefineDomain(spec with { RunGeneration = 4 }))).Code.ShouldBe("domain-generation-conflict");
        await _host.Run(new StartDomain(id, 5));
        await _host.Run(new DefineDomain(spec with { RunGeneration = 6 }));
        (await _host.Refused(new StartDomain(id, 6))).Code.ShouldBe("domain-generation-conflict");
        (await _host.Engine.ListDomains(CancellationToken.None)).Single(d => d.VirtualMachineId == id).RunGeneration.ShouldBe(5);
        (await _host.Run(new StopDomain(id, 0))).Reason.ShouldBe("destroyed");
        (await _host.Run(new StartDomain(id, 6))).RunGeneration.ShouldBe(6);
    }

    [Fact]
    public async Task A_domain_of_another_platform_is_refused_and_left_alone()
    {
        var foreign = EngineHost.NewId();
        var xml = $"<domain type='qemu'><name>somebody-else</name><uuid>{foreign}</uuid><memory>65536</memory><os><type arch='x86_64'>hvm</type></os></domain>";
        using var connection = LibvirtConnection.Open("qemu:///system");
        using var domain = connection.Define(xml);
        var before = domain.Xml(inactive: true);
        var spec = (await _host.MicroSpec()) with { VirtualMachineId = foreign };
        (await _host.Refused(new DefineDomain(spec))).Code.ShouldBe("domain-foreign");
        (await _host.Refused(new StartDomain(foreign, 1))).Code.ShouldBe("domain-foreign");
        (await _host.Refused(new StopDomain(foreign, 0))).Code.ShouldBe("domain-foreign");
        (await _host.Refused(new RemoveDomain(foreign))).Code.ShouldBe("domain-foreign");
        (await _host.Engine.ListDomains(CancellationToken.None)).ShouldNotContain(d => d.VirtualMachineId == foreign);
        domain.Xml(inactive: true).ShouldBe(before);
        domain.Undefine();
    }

    [Fact]
    public async Task A_forced_stop_passes_a_patient_one()
    {
        var spec = await _host.MicroSpec();
        var id = spec.VirtualMachineId;
        await _host.Run(new DefineDomain(spec));
        await _host.Run(new StartDomain(id, 1));
        // The guest has not booted: it does not hear the power button.
        var patient = _host.Run(new StopDomain(id, 300));
        var watch = Stopwatch.StartNew();
        (await _host.Run(new StopDomain(id, 0))).ShouldBe(new StoppedDomain(id, 1, DomainState.Defined, "destroyed", Forced: true));
        (await patient).ShouldBe(new StoppedDomain(id, 1, DomainState.Defined, "destroyed", Forced: null), "its guest did not go by itself, and it was not this stop that cut its power");
        watch.Elapsed.ShouldBeLessThan(TimeSpan.FromSeconds(20));
    }

    [Fact]
    public async Task Pause_resume_and_reboot_do_what_they_say()
    {
        var spec = await _host.MicroSpec();
        var id = spec.VirtualMachineId;
        (await _host.Refused(new PauseDomain(id))).Code.ShouldBe("domain-not-defined");
        await _host.Boot(spec);
        (await _host.Run(new PauseDomain(id))).State.ShouldBe(DomainState.Paused);
        (await _host.Run(new PauseDomain(id))).State.ShouldBe(DomainState.Paused);
        await _host.Event(s => s.VirtualMachineId == id && s.State is DomainState.Paused, "paused", Soon);
        (await _host.Run(new ResumeDomain(id))).State.ShouldBe(DomainState.Running);
        await using var console = await _host.Engine.OpenConsole(id, CancellationToken.None);
        (await _host.Run(new RebootDomain(id, Force: true))).State.ShouldBe(DomainState.Running);
        await EngineHost.ReadUntil(console, "MICRO-READY", EngineHost.BootLimit);
        await _host.Run(new StopDomain(id, 0));
        (await _host.Refused(new PauseDomain(id))).Code.ShouldBe("domain-not-running");
    }

    [Fact]
    public async Task Uefi_has_its_variables_in_the_agents_home_and_they_go_with_the_machine()
    {
        var spec = await _host.MicroSpec(nics: 0, firmware: Firmware.Uefi);
        await _host.Run(new DefineDomain(spec));
        await _host.Run(new StartDomain(spec.VirtualMachineId, 1));
        File.Exists($"{_host.Home}/nvram/{spec.VirtualMachineId}.fd").ShouldBeTrue();
        await _host.Run(new RemoveDomain(spec.VirtualMachineId));
        File.Exists($"{_host.Home}/nvram/{spec.VirtualMachineId}.fd").ShouldBeFalse();
    }

    [Fact]
    public async Task A_second_viewer_takes_the_console_over()
    {
        var spec = await _host.MicroSpec(nics: 0);
        var id = spec.VirtualMachineId;
        (await Should.ThrowAsync<ProblemException>(() => _host.Engine.OpenConsole(id, CancellationToken.None))).Problem.Code.ShouldBe("console-not-available");
        await _host.Boot(spec);
        await using var first = await _host.Engine.OpenConsole(id, CancellationToken.None);
        await using var second = await _host.Engine.OpenConsole(id, CancellationToken.None);
        (await first.ReadAsync(new byte[100])).ShouldBe(0);
        await second.WriteAsync("\necho AB''CD\n"u8.ToArray());
        await EngineHost.ReadUntil(second, "ABCD", Patience);
    }

    [Fact]
    public async Task Machines_run_on_while_the_agent_and_libvirtd_are_restarted()
    {
        var spec = await _host.MicroSpec();
        var id = spec.VirtualMachineId;
        await _host.Boot(spec);
        var qemu = QemuOf(id);

        await _host.RestartEngine();
        (await _host.Engine.ListDomains(CancellationToken.None)).ShouldContain(new DomainStatus(id, 1, DomainState.Running, null));

        await EngineHost.Until(() => Task.FromResult(_host.Resyncs >= 2), "the restarted engine has connected", Patience);
        var resyncs = _host.Resyncs;
        var libvirtd = int.Parse(File.ReadAllText("/run/libvirtd.pid").Trim(), global::System.Globalization.CultureInfo.InvariantCulture);
        Process.GetProcessById(libvirtd).Kill();
        await EngineHost.Until(() => Task.FromResult(!Directory.Exists($"/proc/{libvirtd}") || File.ReadAllText($"/proc/{libvirtd}/stat").Contains(") Z ", StringComparison.Ordinal)), "libvirtd has ended", Patience);
        // Asked while nobody is there: it waits for libvirtd and is then done. So does what is asked beside it, whoever of them finds the connection dead.
        var listed = Enumerable.Range(0, 50).Select(_ => _host.Engine.ListDomains(CancellationToken.None)).ToList();
        var paused = _host.Run(new PauseDomain(id));
        EngineHost.Shell("libvirtd", "-d");
        foreach (var domains in await Task.WhenAll(listed))
            domains.ShouldContain(status => status.VirtualMachineId == id);
        (await paused).State.ShouldBe(DomainState.Paused);
        await EngineHost.Until(() => Task.FromResult(_host.Resyncs > resyncs), "the engine has read everything anew", Patience);
        QemuOf(id).ShouldBe(qemu);
        _host.ForgetEvents();
        await _host.Run(new ResumeDomain(id));
        await _host.Event(s => s.VirtualMachineId == id && s.State is DomainState.Running, "running, by an event of the new connection", Patience);
    }

    private static string QemuOf(Id id) => EngineHost.Shell("pgrep", "-f", $"guest=nssv-.*{id}").Trim();

    private string Tap(DomainSpec spec) => $"nv{_host.Platform.Short[^4..]}{spec.Nics[0].NetworkInterfaceId.Short}";
}
