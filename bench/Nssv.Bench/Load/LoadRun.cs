using System.Diagnostics;
using System.Security.Cryptography.X509Certificates;
using System.Text;

namespace Nssv.Bench.Load;

/// <summary>Clients that each send the next request when the last one is answered.</summary>
internal static class LoadRun
{
    /// <param name="request">Makes the n-th request of all.</param>
    /// <param name="expected">Status of a good answer; any other one ends the run.</param>
    public static async Task<LoadResult> Go(
        int port, X509Certificate2 authority, int clients, TimeSpan warmUp, TimeSpan window, Func<int, byte[]> request, int expected)
    {
        var connections = new TlsConnection[clients];
        for (var i = 0; i < clients; i++)
            connections[i] = await TlsConnection.Open(port, authority);
        try
        {
            var clock = Stopwatch.StartNew();
            var next = 0;
            var meter = new CpuMeter();
            var begun = Task.Run(async () =>
            {
                await Task.Delay(warmUp);
                meter = new CpuMeter();
            });
            var all = await Task.WhenAll(connections.Select(connection => Task.Run(async () =>
            {
                var latencies = new List<double>(16_384);
                while (clock.Elapsed < warmUp + window)
                {
                    var bytes = request(Interlocked.Increment(ref next));
                    var start = clock.Elapsed;
                    var status = await connection.Exchange(bytes);
                    if (status != expected)
                        throw new InvalidOperationException($"{Line(bytes)} was answered with {status}: {Encoding.UTF8.GetString(connection.Body.Span)}");
                    if (start >= warmUp)
                        latencies.Add((clock.Elapsed - start).TotalMilliseconds);
                }
                return latencies;
            })));
            var elapsed = clock.Elapsed - warmUp;
            await begun;
            return new([.. all.SelectMany(latencies => latencies).Order()], elapsed, meter.Elapsed);
        }
        finally
        {
            foreach (var connection in connections)
                connection.Dispose();
        }
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
