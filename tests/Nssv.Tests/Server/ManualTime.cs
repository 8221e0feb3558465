namespace Nssv.Tests.Server;

/// <summary>A clock that moves only when it is told to; timers run on the real one, or so many times as fast.</summary>
internal sealed class ManualTime(DateTimeOffset start, int haste = 1) : TimeProvider
{
    private long _ticks = start.UtcTicks;

    public override DateTimeOffset GetUtcNow() => new(Interlocked.Read(ref _ticks), TimeSpan.Zero);

    public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period) => base.CreateTimer(callback, state, Sooner(dueTime), Sooner(period));

    public void Advance(TimeSpan by) => Interlocked.Add(ref _ticks, by.Ticks);

    private TimeSpan Sooner(TimeSpan time) => time > TimeSpan.Zero ? time / haste : time;
}
