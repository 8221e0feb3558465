using System.Diagnostics;
using System.Globalization;
using System.Text.Json.Nodes;
using Nssv.Bench.Load;
using Nssv.Bench.Managers;
using Nssv.Kernel.Ownership;

namespace Nssv.Bench.Fleet;

/// <summary>Two managers on one PostgreSQL, as processes of their own, with simulated hosts.</summary>
internal sealed class PeerFigures(Options options, Figures figures, string folder)
{
    private const double TakeOverAim = 5;

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
