using System.Diagnostics;
using System.Security.Cryptography.X509Certificates;
using System.Text;

namespace Nssv.Bench.Load;

/// <summary>As many requests in a second as are wanted, or as the server can answer when those are fewer.</summary>
internal static class PacedRun
{
    /// <param name="first">Number of the first request.</param>
    /// <param name="holds">What a good answer, whose status is 200, has in its body.</param>
    public static async Task<LoadResult> Go(int port, X509Certificate2 authority, int clients, int perSecond, TimeSpan window, int first, Func<int, byte[]> request, string holds)
    {
        var connections = new TlsConnection[clients];
        for (var i = 0; i < clients; i++)
            connections[i] = await TlsConnection.Open(port, authority);
        try
        {
            var mark = Encoding.UTF8.GetBytes(holds);
            var (taken, last) = (-1, (int)(window.TotalSeconds * perSecond));
            var (meter, clock) = (new Meter(), Stopwatch.StartNew());
            var latencies = await Task.WhenAll(connections.Select(connection => Task.Run(async () =>
            {
                List<double> own = [];
                while (Interlocked.Increment(ref taken) is var number && number < last && clock.Elapsed < window)
                {
                    if (TimeSpan.FromSeconds((double)number / perSecond) - clock.Elapsed is { Ticks: > 0 } early)
                        await Task.Delay(early);
                    var start = Stopwatch.GetTimestamp();
                    var status = await connection.Exchange(request(first + number));
                    if (status != StatusCodes.Status200OK || connection.Body.Span.IndexOf(mark) < 0)
                        throw new InvalidOperationException($"A request was answered with {status}: {Encoding.UTF8.GetString(connection.Body.Span)}");
                    own.Add(Stopwatch.GetElapsedTime(start).TotalMilliseconds);
                }
                return own;
            })));
            return new([.. latencies.SelectMany(own => own).Order()], clock.Elapsed, meter.Read(), null);
        }
        finally
        {
            foreach (var connection in connections)
                connection.Dispose();
        }
    }
}
