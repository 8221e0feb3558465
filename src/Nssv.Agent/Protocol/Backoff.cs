namespace Nssv.Agent.Protocol;

/// <summary>How long to wait before the next try: doubling, up to a bound.</summary>
internal static class Backoff
{
    /// <param name="failures">In a row so far, 0 for the first.</param>
    public static TimeSpan After(int failures, TimeSpan first, TimeSpan longest) =>
        TimeSpan.FromTicks(Math.Min(first.Ticks << Math.Min(failures, 20), longest.Ticks));

    /// <summary>The same, spread over its second half so that many hosts do not return at one moment.</summary>
    public static TimeSpan After(int failures, TimeSpan first, TimeSpan longest, double chance) =>
        After(failures, first, longest) * (0.5 + chance / 2);
}
