using System.Diagnostics;
using System.Security.Cryptography.X509Certificates;
using System.Text;

namespace Nssv.Bench.Load;

/// <summary>Clients that each send the next request when the last one is answered.</summary>
internal static class LoadRun
{
    private static readonly TimeSpan LongestWarmUp = TimeSpan.FromSeconds(20);

    /// <param name="warmUp">So many answers are not counted: by then the runtime has compiled what is hot to its last tier.</param>
    /// <param name="request">Makes the n-th request of all.</param>
    /// <param name="expected">Status of a good answer; any other one ends the run.</param>
    /// <param name="holds">What a good answer has in its body besides, if anything.</param>
    public static async Task<LoadResult> Go(
        int port, X509Certificate2 authority, int clients, int warmUp, TimeSpan window, Func<int, byte[]> request, int expected, string? holds = null)
    {
        var connections = new TlsConnection[clients];
        for (var i = 0; i < clients; i++)
            connections[i] = await TlsConnection.Open(port, authority);
        try
        {
            var mark = holds is null ? null : Encoding.UTF8.GetBytes(holds);
            await Round(connections, request, expected, mark, new Measure(warmUp, LongestWarmUp));
            var measure = new Measure(int.MaxValue, window) { Number = warmUp };
            var meter = new CpuMeter();
            var latencies = await Round(connections, request, expected, mark, measure);
            return new(latencies, measure.Clock.Elapsed, meter.Elapsed);
        }
        finally
        {
            foreach (var connection in connections)
                connection.Dispose();
        }
    }

    private static async Task<double[]> Round(TlsConnection[] connections, Func<int, byte[]> request, int expected, byte[]? mark, Measure measure)
    {
        var all = await Task.WhenAll(connections.Select(connection => Task.Run(async () =>
        {
            var latencies = new List<double>(16_384);
            while (measure.Next() is { } number)
            {
                var bytes = request(number);
                var start = Stopwatch.GetTimestamp();
                var status = await connection.Exchange(bytes);
                if (status != expected || mark is not null && connection.Body.Span.IndexOf(mark) < 0)
                    throw new InvalidOperationException($"{Line(bytes)} was answered with {status}: {Encoding.UTF8.GetString(connection.Body.Span)}");
                latencies.Add(Stopwatch.GetElapsedTime(start).TotalMilliseconds);
            }
            return latencies;
        })));
        return [.. all.SelectMany(latencies => latencies).Order()];
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
/// <param name="Cpu">Of this process, so of server and clients together.</param>
internal sealed record LoadResult(double[] Latencies, TimeSpan Elapsed, TimeSpan Cpu)
{
    public double PerSecond => Latencies.Length / Elapsed.TotalSeconds;
    public double CpuMilliseconds => Cpu.TotalMilliseconds / Latencies.Length;
    public double Percentile(double share) => Latencies[(int)Math.Min(Latencies.Length - 1, Latencies.Length * share)];
}

/// <summary>Processor time of this process since it was made.</summary>
internal sealed class CpuMeter
{
    private readonly TimeSpan _start = Now();

    public TimeSpan Elapsed => Now() - _start;

    private static TimeSpan Now()
    {
        using var process = Process.GetCurrentProcess();
        return process.TotalProcessorTime;
    }
}
