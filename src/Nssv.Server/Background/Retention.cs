using System.Diagnostics.Metrics;
using Nssv.Kernel.Composition;
using Nssv.Kernel.Data;
using Nssv.Kernel.Ownership;
using Nssv.Kernel.Retention;
using Nssv.Kernel.Settings;

namespace Nssv.Server.Background;

/// <summary>Removes operations and events that have been kept long enough, every ten minutes; of several managers the one that holds the platform's own shard.</summary>
internal sealed partial class Retention(IStore store, IWriter writer, TimeProvider time, NodeIdentity node, SettingValues settings, IOwnership ownership, Meter meter, ILogger<Retention> log) : BackgroundService
{
    private static readonly TimeSpan Interval = TimeSpan.FromMinutes(10);

    private readonly Counter<long> _removed = meter.CreateCounter<long>("nssv_retention_removed_total", null, "Rows that were removed because they had been kept long enough.");

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        using var timer = new PeriodicTimer(Interval, time);
        try
        {
            while (await timer.WaitForNextTickAsync(stoppingToken))
            {
                if (ownership.Hold(node.PlatformId) is not null)
                    await Run(stoppingToken);
            }
        }
        catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
        {
            // The manager stops; the next sweep goes on.
        }
    }

    private async Task Run(CancellationToken cancel)
    {
        var sweep = new RetentionSweep(store, writer, time, new(settings.Get(RetentionSettings.Operations), settings.Get(RetentionSettings.Events)));
        try
        {
            var operations = await sweep.Operations(cancel);
            var events = await sweep.Events(cancel);
            _removed.Add(operations, new KeyValuePair<string, object?>("what", "operations"));
            _removed.Add(events, new KeyValuePair<string, object?>("what", "events"));
            if (operations + events > 0)
                LogRemoved(log, operations, events);
        }
        catch (Exception e) when (e is not OperationCanceledException)
        {
            // It only makes room: whatever is wrong with the database, the work itself meets it too and says more.
            LogFailed(log, e);
        }
    }

    [LoggerMessage(Level = LogLevel.Information, Message = "Removed what was kept long enough: {Operations} operations, {Events} events")]
    private static partial void LogRemoved(ILogger log, int operations, long events);

    [LoggerMessage(Level = LogLevel.Warning, Message = "What was kept long enough could not be removed; it is tried again later")]
    private static partial void LogFailed(ILogger log, Exception e);
}
