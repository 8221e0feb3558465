using System.Diagnostics;
using System.Globalization;
using System.Text;
using System.Text.Json.Nodes;
using Nssv.Bench.Load;
using Nssv.Bench.Managers;
using Nssv.Kernel.Ownership;

namespace Nssv.Bench.Fleet;

/// <summary>Two managers on one PostgreSQL, as processes of their own, with simulated hosts.</summary>
internal sealed class PeerFigures(Options options, Figures figures, string folder)
{
    private const double TakeOverAim = 5;
    private const int Warm = 500, Measured = 1_500;

    public async Task Measure(PostgresServer postgres)
    {
        var hosts = options.Quick ? 20 : 200;
        var first = await BenchHome.Prepare(Path.Combine(folder, "peers-first"), postgres.Url);
        ServerProcess.Describe(first);
        var one = await ServerProcess.Start(first);
        ServerProcess? other = null;
        try
        {
            var second = await ServerProcess.Join(first, Path.Combine(folder, "peers-second"));
            other = await ServerProcess.Start(second);
            await using var simulator = await SimulatorProcess.Start(first, hosts, 1);
            var (token, _) = await second.SignIn();
            await Until(async () => await ShardsOf(second, token) is > 0 and < Shards.Count);
            await Forwarded(first, second, token);

            List<double> takeOvers = [];
            for (var round = 0; round < (options.Quick ? 1 : 3); round++)
            {
                await Until(async () => await ShardsOf(second, token) is > 0 and < Shards.Count);
                var clock = Stopwatch.StartNew();
                await one.DisposeAsync();
                await Until(async () => await ShardsOf(second, token) == Shards.Count);
                takeOvers.Add(clock.Elapsed.TotalSeconds);
                one = await ServerProcess.Start(first);
            }
            figures.Add(Figure.AtMost("managers: kill -9 to the other serving all shards", takeOvers.Max(), "s", TakeOverAim,
                note: Note($"longest of {takeOvers.Count}; median {Machine.Median(takeOvers):0.0} s; {hosts} hosts")));
        }
        finally
        {
            await one.DisposeAsync();
            if (other is not null)
                await other.DisposeAsync();
        }
    }

    /// <summary>
    /// The same change of a resource that the asked manager owns, and of one that its peer does: a new resource belongs to the manager that was asked to make it.
    /// </summary>
    private async Task Forwarded(BenchHome first, BenchHome second, string token)
    {
        var (there, here) = (await Made(first), await Made(second));
        await Changes(there, Warm);
        await Changes(here, Warm);
        var (far, near) = (await Changes(there, Measured), await Changes(here, Measured));
        foreach (var (name, share) in new[] { ("p50", 0.5), ("p99", 0.99) })
        {
            figures.Add(new($"managers: a change that is forwarded to the owner, {name}", far[(int)(far.Count * share)], "ms", Baseline: near[(int)(near.Count * share)],
                Note: "one after the other, PostgreSQL; baseline: asked at the owner itself"));
        }

        async Task<string> Made(BenchHome home)
        {
            using var connection = await TlsConnection.Open(home.Settings.HttpsPort, home.Authority);
            await Ask(connection, "POST", "/api/v1/data-centers", new JsonObject { ["name"] = $"center-{home.Settings.ManagerId}" });
            return (string)JsonNode.Parse(connection.Body.Span)!["target"]!["id"]!;
        }

        async Task<List<double>> Changes(string target, int count)
        {
            using var connection = await TlsConnection.Open(second.Settings.HttpsPort, second.Authority);
            List<double> latencies = new(count);
            for (var i = 0; i < count; i++)
            {
                var start = Stopwatch.GetTimestamp();
                await Ask(connection, "PATCH", $"/api/v1/data-centers/{target}", new JsonObject { ["description"] = Note($"change {i}") });
                latencies.Add(Stopwatch.GetElapsedTime(start).TotalMilliseconds);
            }
            latencies.Sort();
            return latencies;
        }

        async Task Ask(TlsConnection connection, string method, string path, JsonObject body)
        {
            var status = await connection.Exchange(TlsConnection.Request(method, path, token, body.ToJsonString(), "Prefer: wait=30\r\n"));
            if (status is < 200 or >= 300)
                throw new InvalidOperationException($"{method} {path} was answered with {status}: {Encoding.UTF8.GetString(connection.Body.Span)}");
        }
    }

    /// <summary>How many shards the manager holds, as it says itself.</summary>
    private static async Task<long> ShardsOf(BenchHome home, string token)
    {
        using var connection = await TlsConnection.Open(home.Settings.HttpsPort, home.Authority);
        var status = await connection.Exchange(TlsConnection.Request("GET", "/api/v1/management-nodes", token));
        return status != StatusCodes.Status200OK ? -1
            : JsonNode.Parse(connection.Body.Span)!["items"]!.AsArray().Where(node => (bool)node!["self"]!).Select(node => (long)node!["shardCount"]!).Single();
    }

    private static async Task Until(Func<Task<bool>> condition)
    {
        var clock = Stopwatch.StartNew();
        while (!await condition())
        {
            if (clock.Elapsed > TimeSpan.FromMinutes(1))
                throw new TimeoutException("The managers did not share the shards as expected within a minute.");
            await Task.Delay(20);
        }
    }

    private static string Note(FormattableString text) => text.ToString(CultureInfo.InvariantCulture);
}
