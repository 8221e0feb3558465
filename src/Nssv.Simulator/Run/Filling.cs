using System.Collections.Concurrent;
using System.Globalization;
using System.Text.Json.Nodes;
using Nssv.Client.Problems;

namespace Nssv.Simulator.Run;

/// <summary>Creates virtual machines through the public API until there are as many as wanted, some at once.</summary>
internal sealed class Filling(Platform platform, Place place, string imageId, Progress progress)
{
    private readonly ConcurrentDictionary<string, int> _failures = new(StringComparer.Ordinal);
    private int _running;

    public int Failed => _failures.Values.Sum();

    /// <returns>How many the simulation has now.</returns>
    public async Task<int> Fill(int wanted, int together, CancellationToken cancel)
    {
        var there = await platform.Count("virtual-machines", null, cancel);
        var missing = Math.Max(0, wanted - there);
        if (missing == 0)
            return there;
        var clock = System.Diagnostics.Stopwatch.StartNew();
        var last = (At: clock.Elapsed, Running: 0);
        await Parallel.ForEachAsync(Enumerable.Range(there + 1, missing), new ParallelOptions { MaxDegreeOfParallelism = together, CancellationToken = cancel }, async (number, token) =>
        {
            try
            {
                await platform.Create("virtual-machines", string.Create(CultureInfo.InvariantCulture, $"{Place.Name}-vm-{number:000000}"), Body(number), token);
                Interlocked.Increment(ref _running);
            }
            catch (ApiProblemException exception)
            {
                _failures.AddOrUpdate(exception.Problem.Code ?? exception.Problem.Title, 1, (_, count) => count + 1);
            }
            progress.Say($"{there + _running:#,0} of {wanted:#,0} virtual machines running, {Rate():0}/s{Failures()}");
        });
        progress.Finish($"{there + _running:#,0} virtual machines run; {_running:#,0} made in {clock.Elapsed.TotalSeconds:0} s, {_running / clock.Elapsed.TotalSeconds:0}/s{Failures()}");
        return there + _running;

        double Rate()
        {
            lock (_failures)
            {
                var (since, before) = last;
                if (clock.Elapsed - since > TimeSpan.FromSeconds(5))
                    last = (clock.Elapsed, _running);
                return (_running - before) / Math.Max(0.1, (clock.Elapsed - since).TotalSeconds);
            }
        }
    }

    private string Failures() => _failures.IsEmpty ? "" : $", {Failed:#,0} failed ({string.Join(", ", _failures.ToArray().OrderByDescending(failure => failure.Value).Take(3).Select(failure => $"{failure.Key} {failure.Value:#,0}"))})";

    private JsonObject Body(int number) => new()
    {
        ["cpuCount"] = 1,
        ["memoryBytes"] = 1L << 30,
        ["imageId"] = imageId,
        ["clusterId"] = place.Clusters[number % place.Clusters.Count],
        ["nics"] = new JsonArray(new JsonObject { ["portGroupId"] = place.PortGroup }),
    };
}
