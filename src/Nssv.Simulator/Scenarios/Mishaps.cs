using Nssv.Kernel;
using Nssv.Simulator.Fleet;

namespace Nssv.Simulator.Scenarios;

/// <summary>Lets the hosts of a fleet crash and fall silent as their groups say.</summary>
internal sealed class Mishaps(TimeProvider time, CancellationToken cancel)
{
    private long _crashes;
    private long _silences;

    public long Crashes => Volatile.Read(ref _crashes);
    public long Silences => Volatile.Read(ref _silences);

    /// <summary>Begins; ends with the token. A host without mishaps costs nothing.</summary>
    public void Begin(FleetHost host)
    {
        if (host.Group.Crashes is { } crashes)
            _ = Crash(host, crashes);
        if (host.Group.Silences is { } silences)
            _ = Silence(host, silences);
    }

    private async Task Crash(FleetHost host, CrashProfile profile)
    {
        try
        {
            while (true)
            {
                await Task.Delay(Exponential(profile.MeanTime, host.Chance), time, cancel);
                Interlocked.Increment(ref _crashes);
                if (profile.Kind == CrashKind.Power)
                    host.CutPower();
                else
                    host.Kill();
                if (profile.LosesJournal)
                    host.Journal.Lose();
                await Task.Delay(profile.RestartAfter, time, cancel);
                await host.Start();
            }
        }
        catch (OperationCanceledException)
        {
            // The fleet ends.
        }
    }

    private async Task Silence(FleetHost host, SilenceProfile profile)
    {
        try
        {
            while (true)
            {
                await Task.Delay(Exponential(profile.MeanTime, host.Chance), time, cancel);
                Interlocked.Increment(ref _silences);
                host.FallSilent();
                try
                {
                    await Task.Delay(profile.Duration, time, cancel);
                }
                finally
                {
                    host.SpeakAgain();
                }
            }
        }
        catch (OperationCanceledException)
        {
            // The fleet ends.
        }
    }

    private static TimeSpan Exponential(TimeSpan mean, IChance chance) => mean * -Math.Log(1 - chance.Next());
}
