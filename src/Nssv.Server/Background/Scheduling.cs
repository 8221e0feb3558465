using Nssv.Services.Platform.Schedules;

namespace Nssv.Server.Background;

/// <summary>Lets the clock of schedules run while the manager does.</summary>
internal sealed class Scheduling(ScheduleClock clock) : BackgroundService
{
    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        try
        {
            await clock.Run(stoppingToken);
        }
        catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
        {
            // The manager stops; whoever holds the shards then runs what is due.
        }
    }
}
