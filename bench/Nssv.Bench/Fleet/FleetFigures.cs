using System.Diagnostics;
using System.Globalization;
using System.Text.Json.Nodes;
using Nssv.Bench.Load;
using Nssv.Bench.Managers;
using Nssv.Bench.Platform;
using Nssv.Contracts.Compute;
using Nssv.Contracts.Images;
using Nssv.Contracts.Inventory;
using Nssv.Contracts.Network;
using Nssv.Contracts.Storage;
using Nssv.Kernel.Data;
using Nssv.Kernel.Operations;

namespace Nssv.Bench.Fleet;

/// <summary>What a manager does with simulated hosts of another process, each with its own mutual-TLS connections.</summary>
internal sealed class FleetFigures(Options options, Figures figures, string folder)
{
    private const int Clients = 192;
    private const int WarmFlows = 3_000;
    private const double FlowAim = 300;
    private const double FlatWithin = 0.2;
    private const double HeartbeatCoreAim = 20;
    private const double HeartbeatMemoryAim = 1_024;
    private const double ReadyAim = 10_000;
    private const int Unfinished = 1_000;

    /// <summary>Whole creations at a growing number of machines that are there already.</summary>
    /// <param name="database">PostgreSQL's URL; null: SQLite.</param>
    public async Task Creations(string name, string? database)
    {
        var hosts = options.Quick ? 50 : 200;
        int[] levels = options.Quick ? [0, 5_000] : [0, 50_000, 100_000];
        var home = await BenchHome.Prepare(Path.Combine(folder, $"fleet-{name}"), database);
        double? first = null;
        var there = 0;
        foreach (var level in levels)
        {
            if (level > there)
                await Prefill.Add(home, level - there, held: true);
            there = level;
            await using var manager = await FleetManager.Start(home);
            await using var simulator = await SimulatorProcess.Start(home, hosts, 1);
            await Settled(manager, hosts);
            var run = await Create(home, manager, simulator, $"{name}, {level / 1_000}k VMs there");
            first ??= run.PerSecond;
        }
        if (first is { } empty)
            figures.Add(Figure.AtLeast($"fleet: VMs/s full to empty, {name}", figures.Last($"fleet: VMs to Running, {name}") / empty, "of 1", 1 - FlatWithin));
    }

    private async Task<LoadResult> Create(BenchHome home, FleetManager manager, SimulatorProcess simulator, string name)
    {
        var machine = await Machines(manager);
        await Run(WarmFlows, TimeSpan.FromMilliseconds(1));
        var (units, requests, callbacks, cpu) = (manager.Counters.Units, manager.Counters.Requests, manager.Counters.Callbacks, simulator.Figures.Cpu);
        var run = await Run(0, options.Window);
        var made = (double)run.Latencies.Length;
        figures.Add(Figure.AtLeast($"fleet: VMs to Running, {name}", run.PerSecond, "/s", FlowAim, note: Note(
            $"over mTLS, with volume and card, {Clients} at once; median {run.Percentile(0.5):0} ms, p99 {run.Percentile(0.99):0} ms; {(manager.Counters.Requests - requests) / made:0.##} agent requests, {(manager.Counters.Callbacks - callbacks) / made:0.##} callbacks, {(manager.Counters.Units - units) / made:0.##} units of work a VM")));
        figures.Add(new($"fleet: CPU, {name}", run.CpuMilliseconds, "ms/VM", Note: Note($"manager and client together; simulator {(simulator.Figures.Cpu - cpu) * 1_000 / made:0.##} ms/VM")));
        return run;

        Task<LoadResult> Run(int warmUp, TimeSpan window) => LoadRun.Go(home.Settings.HttpsPort, home.Authority, Clients, warmUp, window, Request, StatusCodes.Status200OK, DatabaseFigures.Succeeded);

        byte[] Request(int number) => TlsConnection.Request("POST", "/api/v1/virtual-machines", manager.Token, machine(number), "Prefer: wait=30\r\n");
    }

    /// <summary>More creations at once than slow hosts can make in a minute: all are accepted, none is lost, and what is asked meanwhile is answered.</summary>
    public async Task InFlight()
    {
        var count = options.Quick ? 2_000 : 22_000;
        var home = await BenchHome.Prepare(Path.Combine(folder, "fleet-in-flight"), null);
        await using var manager = await FleetManager.Start(home);
        await using var simulator = await SimulatorProcess.Start(home, options.Quick ? 50 : 400, 1, options.Quick ? "{uniform: [1s, 2s]}" : "{uniform: [3s, 6s]}");
        await Settled(manager, options.Quick ? 50 : 400);
        var machine = await Machines(manager);
        var clock = Stopwatch.StartNew();
        var (sent, peak) = (0, 0L);
        using var drained = new CancellationTokenSource();
        var reads = Reads(home, manager, drained.Token);
        await Task.WhenAll(Enumerable.Range(0, Clients).Select(async _ =>
        {
            using var connection = await TlsConnection.Open(home.Settings.HttpsPort, home.Authority);
            while (Interlocked.Increment(ref sent) is var number && number <= count)
            {
                var status = await connection.Exchange(TlsConnection.Request("POST", "/api/v1/virtual-machines", manager.Token, machine(number)));
                if (status != StatusCodes.Status202Accepted)
                    throw new InvalidOperationException($"A creation was answered with {status}: {System.Text.Encoding.UTF8.GetString(connection.Body.Span)}");
                if (number % 500 == 0)
                    await Look();
            }
        }));
        var accepted = clock.Elapsed;
        await Look();
        while (await Unended() > 0)
        {
            if (clock.Elapsed > TimeSpan.FromMinutes(10))
                throw new TimeoutException($"{await Unended()} operations have not ended within 10 min.");
            await Task.Delay(100);
        }
        var all = clock.Elapsed;
        await drained.CancelAsync();
        var latencies = (await reads).Order().ToList();
        var failed = await manager.Store.Count<Operation>(Condition.Equal(nameof(Operation.State), OperationState.Failed));
        figures.Add(Figure.AtLeast("fleet: operations in flight", peak, "operations", options.Quick ? 1_000 : 20_000, note: Note(
            $"{count:#,0} creations accepted in {accepted.TotalSeconds:0.0} s, all ended after {all.TotalSeconds:0} s ({count / all.TotalSeconds:0} VMs/s), {failed} failed; {new ProcessGroup(Environment.ProcessId).Megabytes:0} MB with the client")));
        figures.Add(new("fleet: GET meanwhile, p99", latencies[(int)(latencies.Count * 0.99)], "ms", Note: Note($"{latencies.Count:#,0} reads one after the other, median {latencies[latencies.Count / 2]:0.0} ms, longest {latencies[^1]:0} ms")));

        async Task<long> Unended() => (await manager.Store.Select("SELECT count(*) FROM operations WHERE ended_at IS NULL", [], row => row.GetInt64(0)))[0];

        async Task Look() => peak = Math.Max(peak, await Unended());
    }

    private static async Task<List<double>> Reads(BenchHome home, FleetManager manager, CancellationToken cancel)
    {
        var cluster = (await manager.Store.List<Cluster>())[0].Id;
        using var connection = await TlsConnection.Open(home.Settings.HttpsPort, home.Authority);
        var request = TlsConnection.Request("GET", $"/api/v1/clusters/{cluster}", manager.Token);
        List<double> latencies = [];
        while (!cancel.IsCancellationRequested)
        {
            var start = Stopwatch.GetTimestamp();
            await connection.Exchange(request);
            latencies.Add(Stopwatch.GetElapsedTime(start).TotalMilliseconds);
            await Task.Delay(10, CancellationToken.None);
        }
        return latencies;
    }

    /// <summary>Bodies of requests for small machines, spread over the clusters.</summary>
    private static async Task<Func<int, string>> Machines(FleetManager manager)
    {
        var clusters = await manager.Store.List<Cluster>();
        var image = (await manager.Store.List<Image>())[0].Id;
        var ports = (await manager.Store.List<PortGroup>())[0].Id;
        return number => new JsonObject
        {
            ["name"] = $"bench-{number}",
            ["cpuCount"] = 1,
            ["memoryBytes"] = 256L << 20,
            ["imageId"] = image.ToString(),
            ["clusterId"] = clusters[number % clusters.Count].Id.ToString(),
            ["nics"] = new JsonArray(new JsonObject { ["portGroupId"] = ports.ToString() }),
        }.ToJsonString();
    }

    /// <summary>Hosts that only live: what their heartbeats cost, and how soon they are back after the manager was away.</summary>
    public async Task Heartbeats()
    {
        var hosts = options.Hosts ?? (options.Quick ? 1_000 : 5_000);
        var home = await BenchHome.Prepare(Path.Combine(folder, "fleet-heartbeats"), null);
        var manager = await FleetManager.Start(home);
        try
        {
            await using var simulator = await SimulatorProcess.Start(home, hosts, 0);
            await Task.Delay(TimeSpan.FromSeconds(45)); // until the first reports are through, and the connections over which the hosts were asked for them have closed (30 s idle)
            var window = TimeSpan.FromSeconds(options.Quick ? 15 : 60);
            var (meter, simulated, clock) = (new Meter(), simulator.Figures.Cpu, Stopwatch.StartNew());
            await Task.Delay(window);
            var name = Note($"{hosts:#,0} hosts");
            figures.Add(Figure.AtMost($"fleet: heartbeats of {name}, CPU", meter.Read().Cpu / clock.Elapsed * 100, "% of a core", HeartbeatCoreAim, note: Note(
                $"one each 15 s; simulator {(simulator.Figures.Cpu - simulated) / clock.Elapsed.TotalSeconds * 100:0.#} %, {simulator.Figures.Megabytes:0} MB, {simulator.Figures.OwnMegabytes * 1_024 / hosts:0} KB a host")));
            figures.Add(Figure.AtMost($"fleet: manager's memory, {name}", new ProcessGroup(Environment.ProcessId).Megabytes, "MB", HeartbeatMemoryAim, note: Note($"resident, of it {GC.GetGCMemoryInfo().TotalCommittedBytes >> 20} MB of the collector; quiet hosts, a connection each")));
            await manager.DisposeAsync();
            clock.Restart();
            meter = new();
            manager = await FleetManager.Start(home);
            await AllConnected(manager, hosts);
            figures.Add(new($"fleet: all reconnected, {name}", clock.Elapsed.TotalSeconds, "s", Note: Note($"after the manager's start; {meter.Read().Cpu.TotalMilliseconds / hosts:0.0} ms CPU of the manager a host")));
        }
        finally
        {
            await manager.DisposeAsync();
        }
    }

    /// <summary>A manager that finds very many rows and unfinished operations. As a process of its own: the runtime's start counts.</summary>
    public async Task Starts()
    {
        var machines = options.Quick ? 30_000 : 300_000;
        var home = await BenchHome.Prepare(Path.Combine(folder, "fleet-start"), null);
        await using (var manager = await FleetManager.Start(home))
        await using (await SimulatorProcess.Start(home, 100, 1))
        {
            // Rows of a machine that was made.
        }
        await Prefill.Add(home, machines, held: false);
        await using (var manager = await FleetManager.Start(home))
            await LeaveUnfinished(home, manager);
        ServerProcess.Describe(home);
        var clock = Stopwatch.StartNew();
        await using var server = await ServerProcess.Start(home);
        figures.Add(Figure.AtMost("fleet: manager's start to ready", clock.Elapsed.TotalMilliseconds, "ms", ReadyAim, note: Note($"{machines:#,0} VMs, {Unfinished:#,0} unfinished operations, SQLite; {new ProcessGroup(server.Id).Megabytes:0} MB")));
    }

    /// <summary>Creations that wait for hosts, none of which is there.</summary>
    private static async Task LeaveUnfinished(BenchHome home, FleetManager manager)
    {
        var host = (await manager.Store.List<Contracts.Inventory.Host>())[0];
        var machines = await manager.Store.List<VirtualMachine>(Condition.Equal(nameof(VirtualMachine.HostId), host.Id));
        using var connection = await TlsConnection.Open(home.Settings.HttpsPort, home.Authority);
        foreach (var machine in machines.Take(Unfinished))
        {
            var status = await connection.Exchange(TlsConnection.Request("POST", $"/api/v1/virtual-machines/{machine.Id}:reboot", manager.Token, "{}"));
            if (status != StatusCodes.Status202Accepted)
                throw new InvalidOperationException($"A reboot was answered with {status}: {System.Text.Encoding.UTF8.GetString(connection.Body.Span)}");
        }
        var deadline = DateTime.UtcNow.AddSeconds(60);
        while (await manager.Store.Count<Operation>(Condition.Equal(nameof(Operation.State), OperationState.Running)) < Math.Min(Unfinished, machines.Count))
        {
            if (DateTime.UtcNow > deadline)
                throw new TimeoutException("The operations did not begin to run within 60 s.");
            await Task.Delay(50);
        }
    }

    /// <summary>Hosts that have come back have told everything, and what they told is taken in.</summary>
    private static async Task Settled(FleetManager manager, int hosts)
    {
        await AllConnected(manager, hosts);
        long before;
        do
        {
            before = manager.Counters.Units;
            await Task.Delay(TimeSpan.FromSeconds(1));
        }
        while (manager.Counters.Units - before > 20);
    }

    private static async Task AllConnected(FleetManager manager, int hosts)
    {
        var deadline = DateTime.UtcNow.AddMinutes(5);
        var links = manager.Links;
        var ids = (await manager.Store.List<Contracts.Inventory.Host>()).Select(host => host.Id).ToList();
        while (ids.Count(id => links.Of(id) == Nssv.Kernel.Agents.HostLink.Connected) is var connected && connected < hosts)
        {
            if (DateTime.UtcNow > deadline)
                throw new TimeoutException($"{connected} of {hosts} hosts were connected within 5 min.");
            await Task.Delay(50);
        }
    }

    private static string Note(FormattableString text) => text.ToString(CultureInfo.InvariantCulture);
}
