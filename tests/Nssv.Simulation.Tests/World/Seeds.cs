using System.Diagnostics;
using System.Globalization;
using System.Text;

namespace Nssv.Simulation.Tests.World;

/// <summary>Runs many worlds, each on one thread, two side by side.</summary>
internal static class Seeds
{
    /// <summary>NSSV_SEED=… runs this one seed alone, and tells everything.</summary>
    public static ulong? Chosen { get; } = ulong.TryParse(Environment.GetEnvironmentVariable("NSSV_SEED"), NumberStyles.None, CultureInfo.InvariantCulture, out var seed) ? seed : null;

    /// <summary>NSSV_DEATH=… runs the fixed scenario with the death at this place alone, and tells everything.</summary>
    public static long? ChosenDeath { get; } = long.TryParse(Environment.GetEnvironmentVariable("NSSV_DEATH"), NumberStyles.None, CultureInfo.InvariantCulture, out var place) ? place : null;

    /// <summary>NSSV_SEEDS=… runs so many instead of the ordinary number.</summary>
    public static int Count(int ordinary) =>
        int.TryParse(Environment.GetEnvironmentVariable("NSSV_SEEDS"), NumberStyles.None, CultureInfo.InvariantCulture, out var count) ? count : ordinary;

    /// <summary>Runs the cases until <paramref name="enough"/> failed; returns the failed ones in the order of their numbers.</summary>
    public static IReadOnlyList<RunResult> Failures(IReadOnlyList<Func<Task<RunResult>>> cases, int enough, Action<string> tell)
    {
        var gate = new Lock();
        List<(int Index, RunResult Result)> failed = [];
        var (next, done, steps) = (0, 0, 0L);
        var watch = Stopwatch.StartNew();
        var threads = Enumerable.Range(0, Math.Min(2, cases.Count)).Select(_ => new Thread(Work)).ToList();
        threads.ForEach(thread => thread.Start());
        threads.ForEach(thread => thread.Join());
        tell(string.Create(CultureInfo.InvariantCulture,
            $"{done} runs, {steps} steps in {watch.Elapsed.TotalSeconds:0.0} s: {done / watch.Elapsed.TotalSeconds:0.0} runs/s; {failed.Count} failed"));
        return [.. failed.OrderBy(pair => pair.Index).Select(pair => pair.Result)];

        void Work()
        {
            while (true)
            {
                int index;
                lock (gate)
                {
                    if (next == cases.Count || failed.Count >= enough)
                        return;
                    index = next++;
                }

                var result = OnThisThread(cases[index]);
                lock (gate)
                {
                    done++;
                    steps += result.Steps;
                    if (result.Findings.All.Count > 0)
                        failed.Add((index, result));
                }
            }
        }
    }

    /// <summary>A world never leaves its thread: whatever it awaits has ended.</summary>
    public static RunResult OnThisThread(Func<Task<RunResult>> run)
    {
        var result = run();
        return result.IsCompleted ? result.GetAwaiter().GetResult() : throw new InvalidOperationException("The run left its thread.");
    }

    public static void Check(IReadOnlyList<RunResult> failed)
    {
        if (failed.Any(result => result.Findings.All.Count > 0))
            Xunit.Assert.Fail(string.Join('\n', failed.Select(Text)));
    }

    private static string Text(RunResult result)
    {
        var text = new StringBuilder();
        text.AppendLine(CultureInfo.InvariantCulture, $"seed {result.Seed} (NSSV_SEED={result.Seed} repeats it with its trace){(result.Struck is null ? "" : $", death {result.DeathAt}: {result.Struck}")}");
        foreach (var (invariant, what) in result.Findings.All.Take(12))
            text.AppendLine(CultureInfo.InvariantCulture, $"  [{invariant}] {string.Join('\n', what.Split('\n').Take(8))}");
        text.AppendLine("  the last it did:");
        foreach (var line in result.Trace.Last.TakeLast(12))
            text.AppendLine("  " + line);
        return text.ToString();
    }
}
