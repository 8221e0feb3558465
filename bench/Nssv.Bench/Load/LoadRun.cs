using System.Diagnostics;
using System.Runtime;
using System.Security.Cryptography.X509Certificates;
using System.Text;

namespace Nssv.Bench.Load;

/// <summary>Clients that each send the next request when the last one is answered.</summary>
internal static class LoadRun
{
    private static readonly TimeSpan LongestWarmUp = TimeSpan.FromSeconds(45);
    private static readonly TimeSpan OneRound = TimeSpan.FromSeconds(2);

    /// <summary>Share of a round that the runtime may still spend on compiling.</summary>
    private const double Settled = 0.03;

    /// <param name="warmUp">So many answers at least are not counted, and as many as come until the runtime has compiled what is hot to its last tier.</param>
    /// <param name="request">Makes the n-th request of all.</param>
    /// <param name="expected">Status of a good answer; any other one ends the run.</param>
    /// <param name="holds">What a good answer has in its body besides, if anything.</param>
    /// <param name="databaseCpu">Processor time of a database server so far; null when there is none.</param>
    public static async Task<LoadResult> Go(
        int port, X509Certificate2 authority, int clients, int warmUp, TimeSpan window, Func<int, byte[]> request, int expected, string? holds = null, Func<TimeSpan>? databaseCpu = null)
    {
        var connections = new TlsConnection[clients];
        for (var i = 0; i < clients; i++)
            connections[i] = await TlsConnection.Open(port, authority);
        try
        {
            var good = new Good(expected, holds is null ? null : Encoding.UTF8.GetBytes(holds));
            var warm = await WarmUp(connections, warmUp, request, good);
            var measure = new Measure(int.MaxValue, window) { Number = warm };
            var (meter, database) = (new Meter(), databaseCpu?.Invoke());
            var latencies = await Round(connections, request, good, measure);
            return new(latencies, measure.Clock.Elapsed, meter.Read(), databaseCpu?.Invoke() - database);
        }
        finally
        {
            foreach (var connection in connections)
                connection.Dispose();
        }
    }

    /// <summary>Until there are enough answers and the runtime compiles next to nothing any more: on a busy machine that takes longer than any number of answers tells.</summary>
    /// <returns>Requests sent.</returns>
    private static async Task<int> WarmUp(TlsConnection[] connections, int least, Func<int, byte[]> request, Good good)
    {
        var clock = Stopwatch.StartNew();
        var sent = (await Round(connections, request, good, new Measure(least, LongestWarmUp))).Length;
        while (clock.Elapsed < LongestWarmUp)
        {
            var compiling = JitInfo.GetCompilationTime();
            sent += (await Round(connections, request, good, new Measure(int.MaxValue, OneRound) { Number = sent + connections.Length })).Length;
            if (JitInfo.GetCompilationTime() - compiling < OneRound * Settled)
                break;
        }
        return sent + connections.Length;
    }

    private static async Task<double[]> Round(TlsConnection[] connections, Func<int, byte[]> request, Good good, Measure measure)
    {
        var all = await Task.WhenAll(connections.Select(connection => Task.Run(async () =>
        {
            var latencies = new List<double>(16_384);
            while (measure.Next() is { } number)
            {
                var bytes = request(number);
                var start = Stopwatch.GetTimestamp();
                var status = await connection.Exchange(bytes);
                if (!good.Is(status, connection.Body.Span))
                    throw new InvalidOperationException($"{Line(bytes)} was answered with {status}: {Encoding.UTF8.GetString(connection.Body.Span)}");
                latencies.Add(Stopwatch.GetElapsedTime(start).TotalMilliseconds);
            }
            return latencies;
        })));
        return [.. all.SelectMany(latencies => latencies).Order()];
    }

    private sealed record Good(int Status, byte[]? Mark)
    {
        public bool Is(int status, ReadOnlySpan<byte> body) => status == Status && (Mark is null || body.IndexOf(Mark) >= 0);
    }

    /// <summary>Numbers requests until there are enough or the time is up.</summary>
    private sealed class Measure(int most, TimeSpan longest)
    {
        private int _count;

        public Stopwatch Clock { get; } = Stopwatch.StartNew();

        /// <summary>Where the numbers begin.</summary>
        public int Number { get; init; }

        public int? Next() => Interlocked.Increment(ref _count) is var count && count <= most && Clock.Elapsed < longest ? Number + count : null;
    }

    private static string Line(byte[] request) => Encoding.UTF8.GetString(request, 0, Array.IndexOf(request, (byte)'\r'));
}

/// <param name="Latencies">In milliseconds, sorted.</param>
/// <param name="Used">By this process, so by server and clients together.</param>
/// <param name="Database">Processor time of the database server; null when there is none.</param>
internal sealed record LoadResult(double[] Latencies, TimeSpan Elapsed, Usage Used, TimeSpan? Database)
{
    public double PerSecond => Latencies.Length / Elapsed.TotalSeconds;
    public double CpuMilliseconds => Used.Cpu.TotalMilliseconds / Latencies.Length;
    public double? DatabaseMilliseconds => Database?.TotalMilliseconds / Latencies.Length;
    public double AllocatedKilobytes => Used.AllocatedBytes / 1024.0 / Latencies.Length;

    /// <summary>Share of the time in which the collector held everything.</summary>
    public double Paused => Used.Paused / Elapsed;
    public double Percentile(double share) => Latencies[(int)Math.Min(Latencies.Length - 1, Latencies.Length * share)];
}

/// <summary>What a process used in a while.</summary>
internal readonly record struct Usage(TimeSpan Cpu, long AllocatedBytes, TimeSpan Paused);

/// <summary>What this process has used since it was made.</summary>
internal sealed class Meter
{
    private readonly Usage _start = Now();

    public Usage Read()
    {
        var now = Now();
        return new(now.Cpu - _start.Cpu, now.AllocatedBytes - _start.AllocatedBytes, now.Paused - _start.Paused);
    }

    private static Usage Now()
    {
        using var process = Process.GetCurrentProcess();
        return new(process.TotalProcessorTime, GC.GetTotalAllocatedBytes(), GC.GetTotalPauseDuration());
    }
}
