namespace Nssv.Server.Memory;

/// <summary>
/// Gives memory back that nothing uses, each minute. The C library does so by itself only at the end of a pool, and what thousands of handshakes at once had
/// lies between what stays.
/// </summary>
internal sealed class MemoryReturn(TimeProvider time) : BackgroundService
{
    private static readonly TimeSpan Interval = TimeSpan.FromMinutes(1);

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        using var timer = new PeriodicTimer(Interval, time);
        try
        {
            while (await timer.WaitForNextTickAsync(stoppingToken))
                Allocator.Trim();
        }
        catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
        {
            // The manager stops.
        }
    }
}
