namespace Nssv.Simulation.Tests.World;

/// <summary>
/// One life of one node: everything it does is posted here. Once it is dead its posts are dropped, so that, as after <c>kill -9</c>, nothing of it runs on,
/// not even a <c>finally</c>; while it is paused they are held.
/// </summary>
internal sealed class NodeContext(SimulatedWorld world, string name, TimeSpan skew) : SynchronizationContext
{
    private readonly List<(SendOrPostCallback, object?)> _held = [];
    private readonly List<Action> _mourners = [];
    private volatile bool _dead;
    private bool _paused;

    public string Name { get; } = name;
    public bool IsDead => _dead;
    public NodeClock Clock => field ??= new NodeClock(world, this, skew);

    public override void Post(SendOrPostCallback d, object? state)
    {
        if (!_dead)
            world.Post(this, d, state);
    }

    public void Post(Action action) => Post(static state => ((Action)state!)(), action);

    public override void Send(SendOrPostCallback d, object? state) => throw new NotSupportedException("Nothing may wait for another thread.");

    public override SynchronizationContext CreateCopy() => this;

    /// <summary>Called on the world's behalf when this life ends: connections to it break.</summary>
    public void WhenDead(Action action) => _mourners.Add(action);

    public void Kill()
    {
        if (_dead)
            return;
        _dead = true;
        _held.Clear();
        foreach (var mourner in _mourners)
            mourner();
        _mourners.Clear();
    }

    public void Pause() => _paused = true;

    public void Resume()
    {
        _paused = false;
        foreach (var (callback, state) in _held)
            Post(callback, state);
        _held.Clear();
    }

    /// <summary>Whether a post may run now; what comes to a paused node is kept.</summary>
    internal bool Takes(SendOrPostCallback callback, object? state)
    {
        if (_dead)
            return false;
        if (_paused)
            _held.Add((callback, state));
        return !_paused;
    }
}

/// <summary>A node's own clock over the world's time; its timers end with the node.</summary>
internal sealed class NodeClock(SimulatedWorld world, NodeContext node, TimeSpan skew) : TimeProvider
{
    public override long TimestampFrequency => TimeSpan.TicksPerSecond;

    public override long GetTimestamp() => world.Now.Ticks;

    /// <summary>The wall clock is set; the steady one goes on as it was.</summary>
    public void Jump(TimeSpan by) => skew += by;

    public override DateTimeOffset GetUtcNow() => SimulatedWorld.Start + world.Now + skew;

    public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period)
    {
        var timer = new NodeTimer(world, node, callback, state);
        timer.Change(dueTime, period);
        return timer;
    }

    private sealed class NodeTimer(SimulatedWorld world, NodeContext node, TimerCallback callback, object? state) : ITimer
    {
        private SimulatedWorld.Alarm? _alarm;

        public bool Change(TimeSpan dueTime, TimeSpan period)
        {
            if (_alarm is not null)
                _alarm.Fire = null;
            _alarm = null;
            if (dueTime == Timeout.InfiniteTimeSpan || node.IsDead)
                return true;
            var alarm = new SimulatedWorld.Alarm();
            alarm.Fire = () => node.Post(() =>
            {
                if (_alarm != alarm)
                    return;
                _alarm = null;
                if (period > TimeSpan.Zero)
                    Change(period, period);
                callback(state);
            });
            _alarm = alarm;
            world.Arm(dueTime, alarm);
            return true;
        }

        public void Dispose() => Change(Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);

        public ValueTask DisposeAsync()
        {
            Dispose();
            return ValueTask.CompletedTask;
        }
    }
}

/// <summary>The clock of a node over all its lives.</summary>
internal sealed class LivesClock(Func<NodeContext> current) : TimeProvider
{
    public override long TimestampFrequency => TimeSpan.TicksPerSecond;
    public override long GetTimestamp() => current().Clock.GetTimestamp();
    public override DateTimeOffset GetUtcNow() => current().Clock.GetUtcNow();
    public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period) => current().Clock.CreateTimer(callback, state, dueTime, period);
}
