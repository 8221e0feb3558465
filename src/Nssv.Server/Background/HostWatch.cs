using Nssv.Kernel.Agents;
using Nssv.Kernel.Data;
using Nssv.Server.Agents;
using Nssv.Services.Inventory.Observation;
using Host = Nssv.Contracts.Inventory.Host;

namespace Nssv.Server.Background;

/// <summary>
/// Wakes all hosts when the manager has started, so that unfinished work need not wait for their heartbeats, and looks for hosts that have fallen silent
/// while it runs. If that fails, the manager stops rather than trusting hosts that nobody watches.
/// </summary>
internal sealed partial class HostWatch(HostObservation observation, HttpAgentTransport hosts, IStore store, IHostApplicationLifetime lifetime, ILogger<HostWatch> log) : BackgroundService
{
    /// <summary>Each costs two handshakes, ours to it and its to us: more at once would keep everybody else waiting, and time out themselves.</summary>
    private const int WokenAtOnce = 32;

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        try
        {
            // Their answer comes to our own port, which must be open by then.
            var started = new TaskCompletionSource();
            using (lifetime.ApplicationStarted.Register(() => started.TrySetResult()))
                await started.Task.WaitAsync(stoppingToken);
            var waking = new ParallelOptions { MaxDegreeOfParallelism = WokenAtOnce, CancellationToken = stoppingToken };
            var all = await store.List<Host>();
            await Task.WhenAll(
                observation.Watch(stoppingToken),
                Parallel.ForEachAsync(all.Where(host => host.AgentUrl is not null), waking, async (host, cancel) => await Wake(host, cancel)));
        }
        catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
        {
            // The manager stops.
        }
    }

    private async Task Wake(Host host, CancellationToken cancel)
    {
        try
        {
            await hosts.Wake(host.Id, cancel);
        }
        catch (Exception e) when (e is HostUnreachableException or ProblemException or OperationCanceledException)
        {
            LogNotWoken(log, host.Id, e.Message);
        }
    }

    [LoggerMessage(Level = LogLevel.Information, Message = "Host {HostId} could not be woken; it comes by itself when it can: {Reason}")]
    private static partial void LogNotWoken(ILogger log, Id hostId, string reason);
}
