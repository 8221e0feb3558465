using System.Diagnostics;
using System.Globalization;
using System.Net.Security;
using System.Text.Json.Nodes;
using Nssv.Bench.Load;
using Nssv.Bench.Managers;
using Nssv.Contracts.Inventory;

namespace Nssv.Bench.Watchers;

/// <summary>
/// Clients that watch virtual machines, each with a filter of its own, while machines are created; baseline: the same creations with nobody watching. Manager,
/// simulated hosts and all clients share this process.
/// </summary>
internal sealed class WatcherFigures(Options options, Figures figures, string folder)
{
    private const int Watchers = 100;
    private const int Clients = 64;

    /// <summary>So many that the pace is kept even while an answer takes half a second.</summary>
    private const int PacedClients = 160;

    private const int Pace = 300;
    private const int WarmFlows = 1_500;
    private const double LagAim = 1_000;

    /// <summary>A clock of full milliseconds in the pace, and what is under way at the end.</summary>
    private const double FullPace = 0.95;

    public async Task Measure(string name, PostgresServer? postgres)
    {
        await using var manager = await BenchManager.Start(Path.Combine(folder, $"watchers-{name}"), postgres?.Url);
        var hosts = (await manager.Store.List<Contracts.Inventory.Host>()).Select(host => host.Id).ToList();
        await LoadRun.Go(manager.Settings.HttpsPort, manager.Authority, Clients, WarmFlows, TimeSpan.FromMilliseconds(1), Create, StatusCodes.Status200OK, DatabaseFigures.Succeeded);
        var number = 1_000_000;
        var alone = await Paced();

        using var handler = new SocketsHttpHandler { SslOptions = new SslClientAuthenticationOptions { CertificateChainPolicy = manager.ChainPolicy } };
        using var client = new HttpClient(handler) { BaseAddress = new Uri($"https://localhost:{manager.Settings.HttpsPort}"), Timeout = Timeout.InfiniteTimeSpan };
        client.DefaultRequestHeaders.Authorization = new("Bearer", manager.Token);
        List<BenchWatcher> watchers = [];
        try
        {
            for (var i = 0; i < Watchers; i++)
                watchers.Add(new(client, Filter(i, hosts)));
            await Task.WhenAll(watchers.Select(watcher => watcher.Ready));
            var watched = await Paced();
            await Quiet(watchers);
            Show(name, alone, watched, watchers, await Differences(watchers));
        }
        finally
        {
            foreach (var watcher in watchers)
                await watcher.DisposeAsync();
        }

        async Task<LoadResult> Paced()
        {
            number += 1_000_000;
            return await PacedRun.Go(manager.Settings.HttpsPort, manager.Authority, PacedClients, Pace, options.Window * 2, number, Create, DatabaseFigures.Succeeded);
        }

        byte[] Create(int machine) => TlsConnection.Request("POST", "/api/v1/virtual-machines", manager.Token, Body(manager, machine), "Prefer: wait=30\r\n");
    }

    private void Show(string name, LoadResult alone, LoadResult watched, List<BenchWatcher> watchers, int lost)
    {
        var lags = watchers.SelectMany(watcher => watcher.Lags).Order().ToList();
        var seconds = watched.Elapsed.TotalSeconds;
        figures.Add(Figure.AtLeast($"watchers: VMs/s created with {Watchers} of them, {name}", watched.PerSecond, "/s", Pace * FullPace, alone.PerSecond, Note(
            $"{Pace}/s asked for during {seconds:0} s; p99 {watched.Percentile(0.99):0} ms, without them {alone.Percentile(0.99):0} ms; {watched.CpuMilliseconds:0.0} ms CPU a VM with all clients, without them {alone.CpuMilliseconds:0.0}")));
        figures.Add(new($"watchers: changes told, {name}", lags.Count / seconds, "/s", Note: Note(
            $"{lags.Count:#,0} in all, {watchers.Max(watcher => watcher.Changes):#,0} to one at most; {watchers.Sum(watcher => watcher.Bytes) / 1e6 / seconds:0.0} MB/s with the beginning")));
        figures.Add(Figure.AtMost($"watchers: rows held that are not as the list says, {name}", lost, "rows", 0, note: Note($"of all {Watchers}, each compared field by field")));
        figures.Add(Figure.AtMost($"watchers: change to client p99, {name}", At(0.99), "ms", LagAim, note: Note($"p50 {At(0.5):0} ms, longest {lags[^1]:0} ms; gathered for 100 ms")));

        double At(double share) => lags[(int)Math.Min(lags.Count - 1, lags.Count * share)];
    }

    /// <summary>One of ten sees every machine; the others, as people do, a part of them: a host's, a team's, those of a size.</summary>
    private static string Filter(int number, List<Id> hosts) => (number % 10) switch
    {
        0 => Note($"state = running AND cpuCount <= {4 + number / 10}"),
        1 or 2 or 3 => Note($"labels.team = team-{number}"),
        4 or 5 or 6 => Note($"name = *{number:00}"),
        7 => Note($"hostId = {hosts[number / 10 % hosts.Count]} AND memoryBytes >= {number}MiB"),
        8 => Note($"state != running AND labels.team != team-{number}"),
        _ => Note($"cpuCount = {1 + number / 10 % 4} AND name = *{number / 10}"),
    };

    private static string Body(BenchManager manager, int number)
    {
        var body = JsonNode.Parse(manager.CreateBody(number, start: true))!.AsObject();
        body["cpuCount"] = 1 + number / 100 % 4;
        body["labels"] = new JsonObject { ["team"] = Note($"team-{number % 100}") };
        return body.ToJsonString();
    }

    /// <summary>Nobody is told anything any more.</summary>
    private static async Task Quiet(List<BenchWatcher> watchers)
    {
        var clock = Stopwatch.StartNew();
        for (var before = -1; before != Told();)
        {
            if (clock.Elapsed > TimeSpan.FromMinutes(1))
                throw new TimeoutException("The watchers were still told of changes a minute after the last creation.");
            before = Told();
            await Task.Delay(TimeSpan.FromSeconds(2));
        }

        int Told() => watchers.Sum(watcher => watcher.Changes);
    }

    private static async Task<int> Differences(List<BenchWatcher> watchers)
    {
        var lost = 0;
        foreach (var watcher in watchers)
            lost += await watcher.Differences();
        return lost;
    }

    private static string Note(FormattableString text) => text.ToString(CultureInfo.InvariantCulture);
}
