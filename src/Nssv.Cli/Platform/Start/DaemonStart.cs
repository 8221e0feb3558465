using Nssv.Cli.Platform.Processes;
using Nssv.Client.Units;

namespace Nssv.Cli.Platform.Start;

/// <summary>Brings a process of the instance up and waits until it is ready; a dead one says why.</summary>
internal static class DaemonStart
{
    /// <summary>Polls until <paramref name="ready"/>; fails early when the process ends.</summary>
    /// <param name="missing">What it lacks, as it was seen last: told before its log when the time is over.</param>
    public static async Task WaitUntil(Daemon daemon, string what, Func<Task<bool>> ready, TimeSpan within, CancellationToken cancellation, Func<IReadOnlyList<string>>? missing = null)
    {
        var began = TimeProvider.System.GetTimestamp();
        while (!await ready())
        {
            if (daemon.Find() is null)
            {
                throw new PlatformException($"The {daemon.Name} ended while it started.", $"Mend what its log says ({daemon.LogFile}), then repeat the command.", daemon.LastLogLines());
            }

            if (TimeProvider.System.GetElapsedTime(began) > within)
            {
                throw new PlatformException($"{what} did not happen within {DurationText.Format(within)}.", $"See {daemon.LogFile}, then repeat the command.", [.. missing?.Invoke() ?? [], .. daemon.LastLogLines()]);
            }

            await Task.Delay(150, cancellation);
        }
    }
}
