using Nssv.Kernel.Model;
using Nssv.Server.Events;

namespace Nssv.Server.Watching;

/// <summary>
/// The last changes of one kind of resource, for all of this node who watch it. Watchers keep their own place and come for more when they can: nothing is queued
/// for anyone, so a slow one costs nothing; one that has fallen behind what is kept is told so and begins anew.
/// </summary>
internal sealed partial class KindFeed(TableModel table, EventLog log, ChangeReader reader, TimeProvider time, ILogger<KindFeed> logger)
{
    /// <summary>Events that become one batch at most; a question to the database about their rows takes as many ids.</summary>
    public const int MostEvents = 1_000;

    private const int MostBatches = 512, MostBytes = 16 << 20;

    /// <summary>Changes that come within this time are read together.</summary>
    private static readonly TimeSpan Gathering = TimeSpan.FromMilliseconds(100), RetryAfter = TimeSpan.FromMilliseconds(500);

    private readonly Lock _gate = new();
    private readonly Queue<ChangeBatch> _batches = new();
    private readonly TaskCompletionSource _begun = NewBell();
    private TaskCompletionSource _bell = NewBell();
    private long _from, _to;
    private int _bytes;

    /// <summary>Ends when it has found its place in the stream of events.</summary>
    public Task Begun => _begun.Task;

    /// <summary>Ends with the next changes. Take it before looking.</summary>
    public Task Next
    {
        get
        {
            lock (_gate)
                return _bell.Task;
        }
    }

    /// <summary>The changes after this number are all here.</summary>
    public long From
    {
        get
        {
            lock (_gate)
                return _from;
        }
    }

    /// <summary>The next changes after <paramref name="place"/>, if there are any, and the number up to which that is all.</summary>
    /// <returns>Null when what follows is not kept any more.</returns>
    public (ChangeBatch? Batch, long To)? After(long place)
    {
        lock (_gate)
        {
            if (place < _from)
                return null;
            foreach (var batch in _batches)
            {
                if (batch.To > place)
                    return (batch, batch.To);
            }
            return (null, Math.Max(place, _to));
        }
    }

    /// <summary>Takes in what happens until it is stopped.</summary>
    public async Task Run(CancellationToken stop)
    {
        var isLost = true;
        while (!stop.IsCancellationRequested)
        {
            try
            {
                if (isLost)
                    Restart(await log.Head());
                isLost = false;
                var bell = log.Next;
                var events = await log.After(_to, MostEvents);
                if (events.Count > 0)
                    Take(await reader.Read(table, events));
                else
                    await bell.WaitAsync(stop);
                if (events.Count < MostEvents)
                    await Task.Delay(Gathering, time, stop);
            }
            catch (Exception) when (stop.IsCancellationRequested)
            {
                return;
            }
            catch (ProblemException gone) when (gone.Problem.Status == StatusCodes.Status410Gone)
            {
                isLost = true;
            }
            catch (Exception error)
            {
                // Whatever is wrong with the database: the events are still there.
                Failed(logger, table.PublicName, error);
                await Task.Delay(RetryAfter, time, CancellationToken.None);
            }
        }
    }

    private void Restart(long head)
    {
        lock (_gate)
        {
            _batches.Clear();
            (_from, _to, _bytes) = (head, head, 0);
        }
        _begun.TrySetResult();
        Ring();
    }

    private void Take(ChangeBatch batch)
    {
        lock (_gate)
        {
            _to = batch.To;
            if (batch.Changes.Count == 0)
                return;
            _batches.Enqueue(batch);
            _bytes += batch.Bytes;
            while (_batches.Count > 1 && (_batches.Count > MostBatches || _bytes > MostBytes))
            {
                var oldest = _batches.Dequeue();
                _bytes -= oldest.Bytes;
                _from = oldest.To;
            }
        }
        Ring();
    }

    private void Ring()
    {
        TaskCompletionSource rung;
        lock (_gate)
            (rung, _bell) = (_bell, NewBell());
        rung.TrySetResult();
    }

    private static TaskCompletionSource NewBell() => new(TaskCreationOptions.RunContinuationsAsynchronously);

    [LoggerMessage(EventId = 60, Level = LogLevel.Warning, Message = "Changes of {Collection} could not be read for those who watch them; it is tried again")]
    private static partial void Failed(ILogger log, string collection, Exception error);
}
