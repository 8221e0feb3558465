using Nssv.Services.Inventory.Observation;

namespace Nssv.Server.Background;

/// <summary>Looks for hosts that have fallen silent, while the manager runs. If it fails, the manager stops rather than trusting hosts that nobody watches.</summary>
internal sealed class HostWatch(HostObservation observation) : BackgroundService
{
    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        try
        {
            await observation.Watch(stoppingToken);
        }
        catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
        {
            // The manager stops.
        }
    }
}
