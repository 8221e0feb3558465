namespace Nssv.Kernel;

/// <summary>Time as the platform keeps it: UTC, whole microseconds.</summary>
public static class Clock
{
    public static DateTimeOffset Now(TimeProvider time)
    {
        var now = time.GetUtcNow();
        return new DateTimeOffset(now.UtcTicks / TimeSpan.TicksPerMicrosecond * TimeSpan.TicksPerMicrosecond, TimeSpan.Zero);
    }
}
