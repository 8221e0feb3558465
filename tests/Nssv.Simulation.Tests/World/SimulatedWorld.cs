namespace Nssv.Simulation.Tests.World;

/// <summary>
/// One run: virtual time, one queue over all nodes, one thread. Of what is ready, chance picks the next; time moves on only when nothing is ready.
/// </summary>
internal sealed class SimulatedWorld
{
    private const long MostSteps = 30_000_000;
    public static readonly DateTimeOffset Start = new(2026, 1, 31, 12, 0, 0, TimeSpan.Zero);

    private readonly Thread _thread = Thread.CurrentThread;
    private readonly List<Work> _ready = [];
    private readonly PriorityQueue<Alarm, (long Due, long Order)> _alarms = new();
    private readonly Lock _foreignGate = new();
    private readonly List<string> _foreign = [];
    private readonly Dice _order;
    private long _now;
    private long _alarmOrder;
    private long _steps;

    public SimulatedWorld(ulong seed, bool verbose)
    {
        Dice = new(seed);
        _order = Dice.Fork();
        Trace = new(verbose);
    }

    public Dice Dice { get; }
    public Trace Trace { get; }
    public TimeSpan Now => TimeSpan.FromTicks(_now);
    public long Steps => _steps;

    /// <summary>What broke the rules while it ran, besides the invariants: an escaped exception, a post from another thread.</summary>
    public List<string> Faults { get; } = [];

    public IReadOnlyList<string> ForeignPosts
    {
        get
        {
            lock (_foreignGate)
                return [.. _foreign];
        }
    }

    public void Note(string who, string what) => Trace.Add(Now, who, what);

    /// <summary>Something outside all nodes: the network, the power, the person who starts a process again.</summary>
    public void After(TimeSpan delay, Action action) => Arm(delay, new Alarm { Fire = () => Enter(null, static state => ((Action)state!)(), action) });

    internal void Arm(TimeSpan delay, Alarm alarm) => _alarms.Enqueue(alarm, (_now + Math.Max(delay.Ticks, 0), _alarmOrder++));

    internal void Post(NodeContext node, SendOrPostCallback callback, object? state)
    {
        if (Thread.CurrentThread != _thread)
        {
            lock (_foreignGate)
                _foreign.Add($"{node.Name}: {callback.Method.DeclaringType}.{callback.Method.Name}\n{Environment.StackTrace}");
            return;
        }
        _ready.Add(new(node, callback, state));
    }

    /// <summary>Goes on until <paramref name="done"/> holds; false when there is nothing left to do before <paramref name="limit"/>.</summary>
    public bool Run(Func<bool> done, TimeSpan limit)
    {
        var end = _now + limit.Ticks;
        while (!done())
        {
            if (++_steps > MostSteps)
            {
                Faults.Add($"more than {MostSteps} steps");
                return false;
            }
            if (_ready.Count > 0)
            {
                var index = _order.Below(_ready.Count);
                Trace.Mix((ulong)(index * 4096 + _ready.Count));
                var work = _ready[index];
                _ready[index] = _ready[^1];
                _ready.RemoveAt(_ready.Count - 1);
                if (work.Node.Takes(work.Callback, work.State))
                    Enter(work.Node, work.Callback, work.State);
                continue;
            }
            if (!_alarms.TryDequeue(out var alarm, out var key))
                return false;
            if (key.Due > end)
            {
                _alarms.Enqueue(alarm, key);
                _now = end;
                return false;
            }
            _now = Math.Max(_now, key.Due);
            alarm.Fire?.Invoke();
        }
        return true;
    }

    private void Enter(NodeContext? node, SendOrPostCallback callback, object? state)
    {
        var before = SynchronizationContext.Current;
        SynchronizationContext.SetSynchronizationContext(node);
        try
        {
            callback(state);
        }
        catch (Exception e)
        {
            Faults.Add($"{node?.Name ?? "world"}: {e}");
        }
        finally
        {
            SynchronizationContext.SetSynchronizationContext(before);
        }
    }

    private readonly record struct Work(NodeContext Node, SendOrPostCallback Callback, object? State);

    internal sealed class Alarm
    {
        /// <summary>Null once it was taken back.</summary>
        public Action? Fire { get; set; }
    }
}
