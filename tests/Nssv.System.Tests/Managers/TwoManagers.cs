using System.Diagnostics;
using System.Globalization;
using System.Text.Json.Nodes;
using Nssv.Client;
using Nssv.Client.Operations;
using Nssv.System.Tests.Platform;
using Shouldly;
using Xunit;

namespace Nssv.System.Tests.Managers;

/// <summary>A platform of two managers on one PostgreSQL, with simulated hosts: five processes that speak to each other as in production.</summary>
public sealed class TwoManagers : IAsyncLifetime
{
    public const int Shards = 1_024;
    private const int Hosts = 200;
    private static readonly TimeSpan TakeOver = TimeSpan.FromSeconds(60);

    private readonly string _folder = Directory.CreateTempSubdirectory("nssv-managers-").FullName;
    private SimulatedHosts? _hosts;
    private JsonObject _machine = null!;

    public TestPostgres Postgres { get; private set; } = null!;
    public ManagerProcess First { get; private set; } = null!;
    public ManagerProcess Second { get; private set; } = null!;

    public async ValueTask InitializeAsync()
    {
        try
        {
            Postgres = new();
            First = ManagerProcess.First(NewFolder("first"), groupId: 64_001, Postgres.Url);
            First.Start();
            await First.Ready();
            Second = ManagerProcess.Join(NewFolder("second"), groupId: 64_002, First);
            Second.Start();
            await Second.Ready();
            await BothServe();
            _hosts = await SimulatedHosts.Start(First.Home, Hosts);
            _machine = new JsonObject
            {
                ["cpuCount"] = 1,
                ["memoryBytes"] = 1L << 30,
                ["imageId"] = await OnlyId("images"),
                ["clusterId"] = await OnlyId("clusters"),
                ["nics"] = new JsonArray(new JsonObject { ["portGroupId"] = await OnlyId("port-groups") }),
            };
        }
        catch (Exception e)
        {
            var failure = new InvalidOperationException($"The platform of two managers did not start: {e.Message}\n{Logs()}", e);
            await DisposeAsync();
            throw failure;
        }
    }

    public MachineLoad Load() => new([First, Second], _machine);

    /// <summary>Waits until this manager holds all shards; tells how long that took since <paramref name="since"/>.</summary>
    public async Task<TimeSpan> ServesAll(ManagerProcess manager, long since, string what)
    {
        await Instance.Until(async () => await manager.Shards() == Shards, $"one manager serves all shards ({what})", () => Task.FromResult(Logs()), TakeOver);
        var took = Stopwatch.GetElapsedTime(since);
        TestContext.Current.TestOutputHelper?.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{what} -> the other serves all its shards: {took.TotalSeconds:0.0} s"));
        return took;
    }

    /// <summary>Waits until one of them holds all shards, whichever that is.</summary>
    public async Task<(ManagerProcess Serving, ManagerProcess Aside)> OneServesAll(long since, string what)
    {
        var first = 0L;
        await Instance.Until(
            async () => (first = await First.Shards()) is 0 or Shards && first + await Second.Shards() == Shards, $"one manager serves all shards ({what})", () => Task.FromResult(Logs()), TakeOver);
        var (serving, aside) = first == Shards ? (First, Second) : (Second, First);
        await ServesAll(serving, since, what);
        return (serving, aside);
    }

    /// <summary>Waits until both hold shards, and together all of them.</summary>
    public Task BothServe() => Instance.Until(
        async () => (await First.Shards(), await Second.Shards()) is ( > 0 and var first, > 0 and var second) && first + second == Shards,
        "both managers serve, and between them all shards", () => Task.FromResult(Logs()), TakeOver);

    /// <summary>Everything that was accepted has ended well, once; what there is on the hosts is what the rows say, and nothing besides.</summary>
    public async Task Adds(MachineLoad load, long operationsBefore)
    {
        await load.Stop();
        load.Ended.Where(operation => operation.CleanupPending || !operation.Succeeded).Select(operation => operation.Document.ToJsonString()).ShouldBeEmpty(Logs());
        load.Accepted.Values.ShouldBeUnique();
        load.Ended.Select(operation => operation.Id).ShouldBe(load.Accepted.Values, ignoreOrder: true);
        Operations().ShouldBe(operationsBefore + load.Accepted.Count, "operations were lost, or done twice");
        Postgres.Number("SELECT count(*) FROM operations WHERE ended_at IS NULL").ShouldBe(0);

        await Audited(load);
        var (rows, real) = ("", "");
        await Instance.Until(
            async () =>
            {
                (rows, real) = (Rows(), await Real());
                return rows == real;
            },
            "the hosts hold what the rows say",
            () => Task.FromResult($"only the rows say:\n{Without(rows, real)}\nonly the hosts hold:\n{Without(real, rows)}\n{Logs()}"), TimeSpan.FromSeconds(30));
        TestContext.Current.TestOutputHelper?.WriteLine($"{load.Ended.Count} operations, {load.Refusals} refusals in between");
    }

    /// <summary>The audit's chain is whole, and each operation that was accepted is in it once, with its result.</summary>
    private async Task Audited(MachineLoad load)
    {
        var (wanted, told) = (Lines(load.Ended.Select(operation => $"{operation.Id} succeeded")), "");
        await Instance.Until(
            () =>
            {
                var ids = load.Accepted.Values.ToHashSet();
                told = Lines(Postgres.Text("SELECT operation_id || ' ' || result FROM audit_entries WHERE operation_id IS NOT NULL")
                    .Split('\n', StringSplitOptions.RemoveEmptyEntries).Where(line => ids.Contains(line.Split(' ')[0])));
                return Task.FromResult(told == wanted);
            },
            "the audit has each operation once", () => Task.FromResult($"operations:\n{wanted}\naudit:\n{told}"), TimeSpan.FromSeconds(30));
        var report = await Second.Api.VerifyAudit();
        ((bool)report["valid"]!).ShouldBeTrue(report.ToJsonString());
        ((long)report["entries"]!).ShouldBeGreaterThanOrEqualTo(load.Accepted.Count);
    }

    /// <summary>Whether a change is refused because the database is full, and says so. What is accepted uses up what little room there may still be.</summary>
    public async Task<bool> RefusesForWantOfRoom()
    {
        try
        {
            await First.Api.Mutate(Instance.Post("data-centers", new JsonObject { ["name"] = "one-more", ["description"] = new string('x', 1_000) }));
            return false;
        }
        catch (Client.Problems.ApiProblemException refused)
        {
            return refused.Problem.Code == "database-full";
        }
        catch (Exception e) when (ManagerProcess.IsAway(e))
        {
            return false;
        }
    }

    /// <summary>Creations and deletions of machines so far.</summary>
    public long Operations() => Postgres.Number("SELECT count(*) FROM operations WHERE kind IN ('virtual-machine.create', 'virtual-machine.delete')");

    public string Logs() => string.Join('\n', new[] { First, Second }.Where(manager => manager is not null)
        .Select(manager => $"--- {manager.Home}\n{string.Join('\n', manager.Log.Split('\n').Where(line => !line.Contains("RequestLog", StringComparison.Ordinal)).TakeLast(25))}"))
        + $"\n--- PostgreSQL\n{Postgres?.Log}";

    public async ValueTask DisposeAsync()
    {
        if (_hosts is not null)
            await _hosts.DisposeAsync();
        foreach (var manager in new[] { Second, First })
        {
            if (manager is not null)
                await manager.DisposeAsync();
        }

        if (Postgres is not null)
            await Postgres.DisposeAsync();
        Directory.Delete(_folder, recursive: true);
    }

    private string Rows() => Lines(Postgres.Text("""
        SELECT 'machine ' || id || ' ' || state || ' on ' || host_id FROM virtual_machines WHERE host_id IS NOT NULL
        UNION ALL SELECT 'layer ' || id || ' on ' || host_id FROM volume_layers
        """).Split('\n', StringSplitOptions.RemoveEmptyEntries));

    private async Task<string> Real() => Lines((await _hosts!.Holdings()).SelectMany(host => (IEnumerable<string>)
    [
        .. host.Value["domains"]!.AsArray().Select(domain => $"machine {domain!["virtualMachineId"]} {domain["state"]} on {host.Key}"),
        .. host.Value["layers"]!.AsArray().Select(layer => $"layer {layer!["layerId"]} on {host.Key}"),
    ]));

    private static string Without(string lines, string others) => Lines(lines.Split('\n').Except(others.Split('\n')));

    private static string Lines(IEnumerable<string> lines) => string.Join('\n', lines.Order(StringComparer.Ordinal));

    private async Task<string> OnlyId(string collection)
    {
        await foreach (var item in First.Api.List(collection, ListQuery.All))
            return (string)item["id"]!;
        throw new InvalidOperationException($"There are no {collection}.");
    }

    private string NewFolder(string name) => Directory.CreateDirectory(Path.Combine(_folder, name)).FullName;
}
