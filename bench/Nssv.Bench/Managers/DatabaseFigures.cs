using System.Globalization;
using Nssv.Bench.Load;
using Nssv.Contracts.Compute;
using Nssv.Contracts.Storage;
using Nssv.Kernel.Data;
using Nssv.Kernel.Operations;
using Nssv.Kernel.Ownership;
using Nssv.Server.Composition;

namespace Nssv.Bench.Managers;

/// <summary>What a manager does under load on one database: whole flows, reads, accepts.</summary>
internal sealed class DatabaseFigures(Options options, Figures figures, string folder)
{
    /// <summary>An operation that has ended is answered with 200, however it has ended.</summary>
    internal const string Succeeded = "\"state\":\"succeeded\"";

    private const int Clients = 64;
    private const int WarmFlows = 1_500;
    private const int WarmRequests = 20_000;
    private const double FlowAim = 300;
    private const double ReadAim = 5_000;
    private const double LatencyAim = 50;

    /// <param name="database">Null: SQLite.</param>
    public async Task Measure(string name, PostgresServer? database, double acceptAim, bool readsHaveAim)
    {
        var home = Path.Combine(folder, name);
        await using (var manager = await BenchManager.Start(home, database?.Url))
        {
            if (options.Wants("flows"))
                await Flows(name, manager);
            if (options.Wants("reads"))
                await Reads(name, manager, readsHaveAim);
            if (options.Wants("accepts"))
                await Accepts(name, manager, database, acceptAim);
        }
    }

    /// <summary>POST of a machine that waits for its end: accept, placement, volume, domain, journal and every command to a simulated host.</summary>
    private async Task Flows(string name, BenchManager manager)
    {
        await Run(manager, WarmFlows, TimeSpan.FromMilliseconds(1), Create, StatusCodes.Status200OK, Succeeded);
        var (units, requests, callbacks) = (manager.Counters.Units, manager.Counters.Requests, manager.Counters.Callbacks);
        var run = await Run(manager, 0, options.Window, Create, StatusCodes.Status200OK, Succeeded);
        var made = (double)run.Latencies.Length;
        var (median, late) = (run.Percentile(0.5), run.Percentile(0.99));
        figures.Add(Figure.AtLeast($"create flows, {name}", run.PerSecond, "/s", FlowAim, note: Note($"to Running, {Clients} at once, simulated hosts in process; median {median:0} ms, p99 {late:0} ms")));
        figures.Add(new($"create flow CPU, {name}", run.CpuMilliseconds, "ms/VM", Note: "manager, simulated hosts and clients together"));
        figures.Add(new($"create flow commits, {name}", (manager.Counters.Units - units) / made, "units/VM", Note: "grouped by the writer"));
        figures.Add(new($"create flow agent requests, {name}", (manager.Counters.Requests - requests) / made, "/VM", Note: Note($"and {(manager.Counters.Callbacks - callbacks) / made:0.##} callbacks; 3 commands a VM share them")));

        byte[] Create(int number) => CreateAndWait(manager, number);
    }

    private static byte[] CreateAndWait(BenchManager manager, int number) =>
        TlsConnection.Request("POST", "/api/v1/virtual-machines", manager.Token, manager.CreateBody(number, start: true), "Prefer: wait=30\r\n");

    private async Task Reads(string name, BenchManager manager, bool haveAim)
    {
        await Run(manager, 0, TimeSpan.FromSeconds(1), number => CreateAndWait(manager, number), StatusCodes.Status200OK);
        var machines = (await manager.Store.List<VirtualMachine>()).Take(1_000).Select(vm => TlsConnection.Request("GET", $"/api/v1/virtual-machines/{vm.Id}", manager.Token)).ToList();
        var run = await Run(manager, WarmRequests, options.Window, Next, StatusCodes.Status200OK);
        await using var plain = await PlainServer.Start(manager.Settings);
        var baseline = await LoadRun.Go(plain.Port, manager.Authority, Clients, WarmRequests, options.Window / 2, _ => PlainServer.Request, StatusCodes.Status200OK);
        var text = Note($"virtual machines over HTTPS with a session, {Clients} clients; p99 {run.Percentile(0.99):0.#} ms, {run.CpuMilliseconds:0.00} ms CPU with the client; baseline: the same from memory without nSSV");
        figures.Add(haveAim
            ? Figure.AtLeast($"GET by id, {name}", run.PerSecond, "/s", ReadAim, baseline.PerSecond, text)
            : new($"GET by id, {name}", run.PerSecond, "/s", baseline.PerSecond, Note: text));

        byte[] Next(int number) => machines[(int)((uint)number * 2_654_435_761u % (uint)machines.Count)];
    }

    /// <summary>
    /// POST of a machine; nothing is begun after it, so that accepting alone is measured: the machine, its volume, its layer, the operation and their events
    /// are on the disk before the answer.
    /// </summary>
    private async Task Accepts(string name, BenchManager manager, PostgresServer? database, double aim)
    {
        manager.Services.GetRequiredService<OperationEngine>().Stop();
        var run = await Run(manager, WarmRequests / 2, options.Window, Create, StatusCodes.Status202Accepted, databaseCpu: database is null ? null : database.Cpu);
        var baseline = await Ungrouped(manager);
        figures.Add(Figure.AtLeast($"durable accepts, {name}", run.PerSecond, "/s", aim, baseline,
            Note($"VM create over HTTPS: 4 rows and 4 events, {Clients} clients; {Cost(run)}; baseline: the same rows, a transaction each, without HTTP")));
        figures.Add(Figure.AtMost($"durable accepts p99, {name}", run.Percentile(0.99), "ms", LatencyAim, note: Note($"median {run.Percentile(0.5):0.#} ms")));

        byte[] Create(int number) => TlsConnection.Request("POST", "/api/v1/virtual-machines", manager.Token, manager.CreateBody(1_000_000 + number, start: false));
    }

    /// <summary>The rows of an accept, written by the same code to the same database, but each accept in a transaction of its own.</summary>
    private async Task<double> Ungrouped(BenchManager manager)
    {
        var operation = (await manager.Store.First<Operation>(Condition.Equal(nameof(Operation.Kind), "virtual-machine.create"), Condition.Equal(nameof(Operation.State), OperationState.Queued)))!;
        var machine = await manager.Store.Get<VirtualMachine>(operation.TargetId);
        var volume = (await manager.Store.First<Volume>(Condition.Equal(nameof(Volume.VirtualMachineId), machine.Id)))!;
        var layer = await manager.Store.Get<VolumeLayer>(volume.ActiveLayerId!.Value);
        var fence = manager.Services.GetRequiredService<MemberFence>();
        await using var writer = new Writer(manager.Services.GetRequiredService<Database>(), fence, new WriterOptions { BatchUnits = 1 });
        var sequence = operation.AcceptedSequence;
        var clock = System.Diagnostics.Stopwatch.StartNew();
        var window = options.Window / 2;
        var counts = await Task.WhenAll(Enumerable.Range(0, Clients).Select(_ => Task.Run(async () =>
        {
            var count = 0;
            for (; clock.Elapsed < window; count++)
                await writer.Commit(Unit());
            return count;
        })));
        return counts.Sum() / clock.Elapsed.TotalSeconds;

        UnitOfWork Unit()
        {
            var (vm, disk, file, id) = (NewId(), NewId(), NewId(), NewId());
            return new UnitOfWork { OperationId = id }
                .Insert(machine with { Id = vm })
                .Insert(volume with { Id = disk, VirtualMachineId = vm, ActiveLayerId = file })
                .Insert(layer with { Id = file, VolumeId = disk })
                .Insert(operation with { Id = id, RootId = id, TargetId = vm, AcceptedSequence = Interlocked.Increment(ref sequence) });
        }
    }

    private static string Cost(LoadResult run) =>
        Note($"{run.CpuMilliseconds:0.00} ms CPU with the client") + (run.DatabaseMilliseconds is { } database ? Note($" and {database:0.00} ms in the database") : "") +
        Note($", {run.AllocatedKilobytes:0} KiB, collector {run.Paused:0%} of the time");

    private static Task<LoadResult> Run(BenchManager manager, int warmUp, TimeSpan window, Func<int, byte[]> request, int expected, string? holds = null, Func<TimeSpan>? databaseCpu = null) =>
        LoadRun.Go(manager.Settings.HttpsPort, manager.Authority, Clients, warmUp, window, request, expected, holds, databaseCpu);

    private static Id NewId() => new(Guid.CreateVersion7());

    private static string Note(FormattableString text) => text.ToString(CultureInfo.InvariantCulture);
}
