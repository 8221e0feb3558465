using Nssv.Kernel.Data;

namespace Nssv.Kernel.Events;

/// <summary>Hears of every event of the platform, whichever node committed it: in order, without a gap, once.</summary>
public interface IEventObserver
{
    /// <summary>Must be quick and must not throw.</summary>
    void Committed(IReadOnlyList<Event> events);
}

/// <summary>
/// All events of the platform as this node sees them pass. Its own commits come straight from the writer; what other nodes have committed in between
/// is read from the database when a bell, a look at the head, or the gap before an own commit tells of it. Numbers are dense and follow the order of commits,
/// so whoever can see number n can read all before it.
/// </summary>
public sealed class EventStream(IStore store, TimeProvider time) : ICommitObserver
{
    private const int MostAtOnce = 1_000;
    private static readonly TimeSpan RetryAfter = TimeSpan.FromMilliseconds(500);

    private readonly Lock _gate = new();
    private readonly List<IEventObserver> _observers = [];
    private long? _last;
    private long _heard;
    private bool _reading;

    /// <summary>Called for this node's own commits with the number of the last event, so that peers can be told.</summary>
    public Action<long>? Own { get; set; }

    public void Listen(IEventObserver observer)
    {
        lock (_gate)
            _observers.Add(observer);
    }

    /// <inheritdoc/>
    public void Committed(IReadOnlyList<Event> events)
    {
        var last = events[^1].Sequence;
        lock (_gate)
        {
            // The first commit of a node tells where it has come in.
            if (!_reading && (_last is null || events[0].Sequence == _last + 1))
                Deliver(events);
            else
                Await(last);
        }

        Own?.Invoke(last);
    }

    /// <summary>Events up to this number are there.</summary>
    public void Heard(long sequence)
    {
        lock (_gate)
        {
            if (_last is null)
                _last = sequence;
            else if (sequence > _last)
                Await(sequence);
        }
    }

    private void Await(long sequence)
    {
        _heard = Math.Max(_heard, sequence);
        if (_reading)
            return;
        _reading = true;
        _ = Read();
    }

    private async Task Read()
    {
        await Task.Yield();
        while (true)
        {
            long from;
            lock (_gate)
            {
                from = _last!.Value;
                if (from >= _heard)
                {
                    _reading = false;
                    return;
                }
            }

            try
            {
                var events = await store.List<Event>(
                    Condition.Greater(nameof(Event.Sequence), from),
                    new Condition(nameof(Event.Sequence), Comparison.LessOrEqual, from + MostAtOnce));
                lock (_gate)
                {
                    if (events.Count > 0)
                        Deliver(events);
                    else
                        // Removed by retention before this node came to read them.
                        _last = Math.Min(_heard, from + MostAtOnce);
                }
            }
            catch (ObjectDisposedException)
            {
                // The node ends.
                return;
            }
            catch (Exception)
            {
                // Whatever is wrong with the database: what was heard of is still there.
                await Task.Delay(RetryAfter, time);
            }
        }
    }

    private void Deliver(IReadOnlyList<Event> events)
    {
        _last = events[^1].Sequence;
        foreach (var observer in _observers)
            observer.Committed(events);
    }
}
