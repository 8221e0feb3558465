namespace Nssv.Agent.Protocol;

/// <summary>Hears of a command's progress and gives it up when none comes for too long.</summary>
internal sealed class StallWatch : IProgress<int>, IDisposable
{
    private readonly CancellationTokenSource _stalled = new();
    private readonly TimeSpan _limit;
    private readonly ITimer? _timer;

    /// <param name="seconds">Null: it may be silent as long as its deadline lets it.</param>
    public StallWatch(int? seconds, TimeProvider time)
    {
        if (seconds is not { } limit)
            return;
        _limit = TimeSpan.FromSeconds(limit);
        _timer = time.CreateTimer(static watch => ((StallWatch)watch!)._stalled.Cancel(), this, _limit, Timeout.InfiniteTimeSpan);
    }

    public CancellationToken Stalled => _stalled.Token;

    public void Report(int value) => _timer?.Change(_limit, Timeout.InfiniteTimeSpan);

    public void Dispose()
    {
        _timer?.Dispose();
        _stalled.Dispose();
    }
}
