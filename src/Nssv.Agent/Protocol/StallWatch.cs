namespace Nssv.Agent.Protocol;

/// <summary>Hears of a command's progress, passes it on, and gives the command up when none comes for too long.</summary>
internal sealed class StallWatch : IProgress<int>, IDisposable
{
    private readonly CancellationTokenSource _stalled = new();
    private readonly TimeSpan _limit;
    private readonly ITimer? _timer;
    private readonly Action<int>? _moved;
    private int _percent;

    /// <param name="seconds">Null: it may be silent as long as its deadline lets it.</param>
    /// <param name="moved">Told of each percentage that is higher than all before.</param>
    public StallWatch(int? seconds, TimeProvider time, Action<int>? moved = null)
    {
        _moved = moved;
        if (seconds is not { } limit)
            return;
        _limit = TimeSpan.FromSeconds(limit);
        _timer = time.CreateTimer(static watch => ((StallWatch)watch!)._stalled.Cancel(), this, _limit, Timeout.InfiniteTimeSpan);
    }

    public CancellationToken Stalled => _stalled.Token;

    public void Report(int value)
    {
        _timer?.Change(_limit, Timeout.InfiniteTimeSpan);
        // Told of every piece of what is copied, by one thread after another: most of it is nothing new.
        if (value <= _percent)
            return;
        _percent = value;
        _moved?.Invoke(value);
    }

    public void Dispose()
    {
        _timer?.Dispose();
        _stalled.Dispose();
    }
}
