using Nssv.Kernel.Agents;
using Nssv.Kernel.Data;
using Nssv.Kernel.Ownership;
using Nssv.Server.Agents;
using Nssv.Services.Inventory.Observation;
using Host = Nssv.Contracts.Inventory.Host;

namespace Nssv.Server.Background;

/// <summary>
/// Wakes the hosts of the shards that this node has just gained, so that unfinished work need not wait for their heartbeats, and looks for hosts that have
/// fallen silent while it runs. If that fails, the manager stops rather than trusting hosts that nobody watches.
/// </summary>
internal sealed partial class HostWatch(HostObservation observation, HttpAgentTransport hosts, IStore store, IHostApplicationLifetime lifetime, ILogger<HostWatch> log)
    : BackgroundService, IShardListener
{
    /// <summary>Each costs two handshakes, ours to it and its to us: more at once would keep everybody else waiting, and time out themselves.</summary>
    private const int WokenAtOnce = 32;

    /// <summary>Their answer comes to our own port, which must be open by then.</summary>
    private readonly TaskCompletionSource _open = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public async Task Gained(ShardSet shards) =>
        _ = Wake([.. (await store.List<Host>()).Where(host => host.AgentUrl is not null && shards.Has(host.Id))]);

    public void Lost(ShardSet shards)
    {
        // Whoever gains them wakes their hosts.
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        using var opened = lifetime.ApplicationStarted.Register(() => _open.TrySetResult());
        try
        {
            await observation.Watch(stoppingToken);
        }
        catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
        {
            // The manager stops.
        }
    }

    private async Task Wake(IReadOnlyList<Host> gained)
    {
        try
        {
            await _open.Task.WaitAsync(lifetime.ApplicationStopping);
            await Parallel.ForEachAsync(
                gained, new ParallelOptions { MaxDegreeOfParallelism = WokenAtOnce, CancellationToken = lifetime.ApplicationStopping }, async (host, cancel) => await Wake(host, cancel));
        }
        catch (OperationCanceledException)
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
        catch (Exception e) when (e is HostUnreachableException or ProblemException or OperationCanceledException or ObjectDisposedException)
        {
            LogNotWoken(log, host.Id, e.Message);
        }
    }

    [LoggerMessage(Level = LogLevel.Information, Message = "Host {HostId} could not be woken; it comes by itself when it can: {Reason}")]
    private static partial void LogNotWoken(ILogger log, Id hostId, string reason);
}
