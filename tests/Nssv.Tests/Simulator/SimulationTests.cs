using System.Net.Http.Json;
using System.Net.Sockets;
using System.Text.Json.Nodes;
using Microsoft.Extensions.DependencyInjection;
using Nssv.Contracts.Compute;
using Nssv.Contracts.Inventory;
using Nssv.Contracts.Storage;
using Nssv.Kernel;
using Nssv.Kernel.Data;
using Nssv.Simulator.Run;
using Nssv.Tests.Data;
using Nssv.Tests.Server;
using Shouldly;
using Xunit;

namespace Nssv.Tests.Simulator;

/// <summary>A whole manager on loopback with fifty simulated hosts, each with its own key and its own connections.</summary>
public sealed class SimulationTests(RunningServer server) : IClassFixture<RunningServer>, IDisposable
{
    private const int Hosts = 50;
    private const int Machines = 60;
    private readonly CancellationTokenSource _stop = new();

    public void Dispose() => _stop.Dispose();

    private IStore Store => server.Services.GetRequiredService<IStore>();

    [Fact]
    public async Task Hosts_enrol_are_filled_crash_recover_go_on_in_a_new_process_and_leave_nothing()
    {
        server.Describe("groups:\n- {name: host, count: 50}\n");
        var run = Begin(keep: true);
        await Until(run, $"{Machines} machines that run", async () => await Store.Count<VirtualMachine>(Condition.Equal(nameof(VirtualMachine.State), VmState.Running)) == Machines);
        (await Store.Count<Host>(Condition.Equal(nameof(Host.State), HostState.Connected))).ShouldBe(Hosts);
        var hosts = (await Store.List<Host>()).OrderByDescending(host => host.BookedCpuCount).ToList();
        await Holds(hosts);

        // An agent that dies: its guests go on, and what is asked for meanwhile is done when it is back.
        var (died, dark) = (hosts[0], hosts[1]);
        await Control($"kill {died.Name}");
        var waiting = await CreateOn(died);
        await Control($"cut-power {dark.Name}");
        (await Control($"holds {dark.Name}"))["domains"]!.AsArray().ShouldAllBe(domain => domain!["state"]!.GetValue<string>() == "defined");
        await Control($"start {died.Name}");
        await Control($"start {dark.Name}");
        await Until(run, "both agents' new starts", async () => await IsBack(died) && await IsBack(dark));
        await Until(run, "the machine that was asked for meanwhile", async () => (await Store.Get<VirtualMachine>(waiting)).State == VmState.Running);
        (await MachinesOn(died)).ShouldAllBe(machine => machine.State == VmState.Running);
        await Until(run, "the end of what ran on the host without power", async () => (await Store.List<VirtualMachine>(Condition.Equal(nameof(VirtualMachine.HostId), dark.Id))).All(machine => machine.State == VmState.Stopped));

        // The simulator ends in order, and a new one goes on with the same hosts.
        await _stop.CancelAsync();
        await run;
        using var again = new CancellationTokenSource();
        run = Begin(keep: false, again.Token);
        await Until(run, "the hosts of the new process", async () => (await Store.List<Host>()).All(host => host.State == HostState.Connected && host.AgentIncarnation >= 2));
        (await Store.Count<Host>()).ShouldBe(Hosts);
        await Until(run, "what was stopped, besides the new machines", async () => await Store.Count<VirtualMachine>(Condition.Equal(nameof(VirtualMachine.State), VmState.Running)) == Machines + 1 - await Store.Count<VirtualMachine>(Condition.Equal(nameof(VirtualMachine.State), VmState.Stopped)));
        await Holds(await Store.List<Host>());

        await again.CancelAsync();
        await run;
        (await Store.Count<VirtualMachine>() + await Store.Count<VolumeLayer>() + await Store.Count<Host>() + await Store.Count<DataStorage>() + await Store.Count<DataCenter>()).ShouldBe(0);
    }

    private Task Begin(bool keep, CancellationToken stop = default) => new Simulation(
        new() { Home = server.Settings.Home, Hosts = Hosts, VirtualMachines = Machines, ScenarioFile = Path.Combine(server.Settings.Home, "scenario.yaml"), Keep = keep, HostsPerCluster = 25, Together = 8 },
        new Progress(TextWriter.Null, lively: false, TimeProvider.System)).Run(stop == default ? _stop.Token : stop, CancellationToken.None);

    /// <summary>Every host holds exactly what the rows say, and no orphan.</summary>
    private async Task Holds(IReadOnlyList<Host> hosts)
    {
        foreach (var host in hosts)
        {
            var held = await Control($"holds {host.Name}");
            var machines = (await Store.List<VirtualMachine>(Condition.Equal(nameof(VirtualMachine.HostId), host.Id))).Select(machine => machine.Id.ToString());
            var layers = (await Store.List<VolumeLayer>(Condition.Equal(nameof(VolumeLayer.HostId), host.Id))).Select(layer => layer.Id.ToString());
            held["domains"]!.AsArray().Select(domain => domain!["virtualMachineId"]!.GetValue<string>()).Order().ShouldBe(machines.Order(), host.Name);
            held["layers"]!.AsArray().Select(layer => layer!["layerId"]!.GetValue<string>()).Order().ShouldBe(layers.Order(), host.Name);
            (await Store.Get<Host>(host.Id)).Orphans.ShouldBeEmpty(host.Name);
        }
    }

    private async Task<bool> IsBack(Host before) =>
        await Store.Get<Host>(before.Id) is { State: HostState.Connected } now && now.AgentIncarnation > before.AgentIncarnation;

    private async Task<IReadOnlyList<VirtualMachine>> MachinesOn(Host host) => await Store.List<VirtualMachine>(Condition.Equal(nameof(VirtualMachine.PlacementHostId), host.Id));

    private async Task<Id> CreateOn(Host host)
    {
        var image = (await Store.List<VirtualMachine>())[0].ImageId;
        using var client = server.SignedIn();
        using var answer = await client.PostAsJsonAsync("/api/v1/virtual-machines", new { name = "meanwhile", labels = new { simulated = "true" }, cpuCount = 1, memoryBytes = 1L << 30, imageId = image.ToString(), hostId = host.Id.ToString() });
        answer.EnsureSuccessStatusCode();
        return Id.Parse((await answer.Content.ReadFromJsonAsync<JsonObject>())!["targetId"]!.GetValue<string>());
    }

    private async Task<JsonObject> Control(string line)
    {
        using var socket = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        await socket.ConnectAsync(new UnixDomainSocketEndPoint(Path.Combine(server.Settings.Home, "simulator", "control.sock")));
        await using var stream = new NetworkStream(socket);
        await stream.WriteAsync(System.Text.Encoding.UTF8.GetBytes(line + "\n"));
        using var reader = new StreamReader(stream);
        var answer = JsonNode.Parse((await reader.ReadLineAsync())!)!.AsObject();
        answer["error"].ShouldBeNull();
        return answer;
    }

    /// <summary>A simulation that has ended will never do what is waited for: it says why.</summary>
    private static Task Until(Task run, string what, Func<Task<bool>> condition) => Poll.Until(what, async () =>
    {
        if (run.IsCompleted)
            await run;
        run.IsCompleted.ShouldBeFalse($"The simulation ended before {what}.");
        return await condition();
    }, seconds: 60);
}
