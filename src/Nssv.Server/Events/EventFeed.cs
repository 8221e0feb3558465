using Nssv.Kernel.Events;

namespace Nssv.Server.Events;

/// <summary>
/// The last events of this node, as they were committed, and a bell that rings with each commit. Readers keep their own place and come for more when they can:
/// nothing is queued for anyone, so a slow reader costs nothing; who falls behind reads the database.
/// </summary>
internal sealed class EventFeed : IEventObserver
{
    private const int Capacity = 2_048;

    private readonly Lock _gate = new();
    private readonly PublishedEvent[] _recent = new PublishedEvent[Capacity];
    private long _last;
    private int _count;
    private TaskCompletionSource _bell = NewBell();

    public void Committed(IReadOnlyList<Event> events)
    {
        TaskCompletionSource rung;
        lock (_gate)
        {
            foreach (var committed in events)
            {
                if (_count > 0 && committed.Sequence != _last + 1)
                    _count = 0; // numbers are dense; after a commit of unknown outcome the database knows what lies between
                _recent[committed.Sequence % Capacity] = new PublishedEvent(committed);
                _last = committed.Sequence;
                _count = Math.Min(_count + 1, Capacity);
            }
            (rung, _bell) = (_bell, NewBell());
        }
        rung.TrySetResult();
    }

    /// <summary>The number of the last event that was committed here; 0 before the first.</summary>
    public long Head
    {
        get
        {
            lock (_gate)
                return _last;
        }
    }

    /// <summary>Ends with the next commit. Take it before reading.</summary>
    public Task Next
    {
        get
        {
            lock (_gate)
                return _bell.Task;
        }
    }

    /// <summary>The events after <paramref name="sequence"/>, at most <paramref name="most"/>; null when they are not all here, so that the database must be asked.</summary>
    public IReadOnlyList<PublishedEvent>? After(long sequence, int most)
    {
        lock (_gate)
        {
            // A place beyond the last one known here may be of another platform, or a reader of the database was quicker than the bell: the database decides.
            if (_count == 0 || sequence < _last - _count || sequence > _last)
                return null;
            var events = new List<PublishedEvent>((int)Math.Min(_last - sequence, most));
            for (var next = sequence + 1; next <= _last && events.Count < most; next++)
                events.Add(_recent[next % Capacity]);
            return events;
        }
    }

    private static TaskCompletionSource NewBell() => new(TaskCreationOptions.RunContinuationsAsynchronously);
}
