namespace Nssv.Agent.Protocol;

/// <summary>An agent without its wires: the desk and the reporter over an engine and a journal. The same in production and in a simulation.</summary>
public sealed class AgentCore : IDisposable
{
    private readonly DeskParts _parts;
    private readonly HostReporter _reporter;
    private readonly CancellationTokenSource _stopping = new();

    private AgentCore(DeskParts parts, CommandDesk desk, ReporterOptions options)
    {
        (_parts, Desk) = (parts, desk);
        _reporter = new(parts, options);
    }

    public CommandDesk Desk { get; }

    /// <summary>Reads the journal and starts the engine, then runs what was left and reports. The engine is ready for repeats before the first command runs.</summary>
    public static async Task<AgentCore> Start(DeskParts parts, ReporterOptions options, CancellationToken cancel)
    {
        var desk = await CommandDesk.Open(parts);
        var core = new AgentCore(parts, desk, options);
        await parts.Engine.Start(cancel);
        desk.Start();
        core._reporter.Start();
        _ = core.SweepNowAndThen();
        return core;
    }

    /// <inheritdoc cref="HostReporter.BeatNow"/>
    public void BeatNow() => _reporter.BeatNow();

    /// <summary>See <see cref="CommandDesk.Stop"/>; the heartbeat ends first, so that nobody sends more.</summary>
    public async Task Stop(TimeSpan grace)
    {
        _stopping.Cancel();
        _reporter.Dispose();
        await Desk.Stop(grace);
    }

    public void Dispose()
    {
        _stopping.Cancel();
        _reporter.Dispose();
        Desk.Dispose();
    }

    private async Task SweepNowAndThen()
    {
        while (true)
        {
            try
            {
                await Task.Delay(_parts.Options.SweepInterval, _parts.Time, _stopping.Token);
                await Desk.Sweep();
            }
            catch (OperationCanceledException)
            {
                return;
            }
            catch (Exception exception)
            {
                _parts.Logger.SweepFailed(exception);
            }
        }
    }
}
