using Nssv.Kernel.Model;
using Nssv.Server.Events;

namespace Nssv.Server.Watching;

/// <summary>A feed for each kind of resource that somebody watches, and none for the others.</summary>
internal sealed class KindFeeds(EventLog log, ChangeReader reader, TimeProvider time, IHostApplicationLifetime lifetime, ILogger<KindFeed> logger)
{
    private readonly Lock _gate = new();
    private readonly Dictionary<TableModel, Running> _running = [];

    /// <summary>Dispose of the lease when nobody looks any more.</summary>
    public Lease Open(TableModel table)
    {
        lock (_gate)
        {
            if (!_running.TryGetValue(table, out var running))
            {
                running = new(new KindFeed(table, log, reader, time, logger), CancellationTokenSource.CreateLinkedTokenSource(lifetime.ApplicationStopping));
                _running.Add(table, running);
                _ = running.Feed.Run(running.Stop.Token);
            }
            running.Watchers++;
            return new(this, table, running.Feed);
        }
    }

    private void Close(TableModel table)
    {
        Running? ended = null;
        lock (_gate)
        {
            if (--_running[table].Watchers == 0)
                _running.Remove(table, out ended);
        }
        ended?.Stop.Cancel();
        ended?.Stop.Dispose();
    }

    internal sealed class Lease(KindFeeds feeds, TableModel table, KindFeed feed) : IDisposable
    {
        private int _closed;

        public KindFeed Feed { get; } = feed;

        public void Dispose()
        {
            if (Interlocked.Exchange(ref _closed, 1) == 0)
                feeds.Close(table);
        }
    }

    private sealed class Running(KindFeed feed, CancellationTokenSource stop)
    {
        public KindFeed Feed { get; } = feed;
        public CancellationTokenSource Stop { get; } = stop;
        public int Watchers { get; set; }
    }
}
