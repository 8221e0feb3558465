using System.Diagnostics.CodeAnalysis;
using System.Text.RegularExpressions;

namespace Nssv.Kernel.Schedules;

/// <summary>
/// When a cron expression is due in a time zone. Each minute of the wall clock is due once: one that the clock skips (in spring) at the next minute that exists, one
/// that it shows twice (in autumn) the first time. Pure.
/// </summary>
public static partial class ScheduleTime
{
    /// <summary>A zone of the IANA database, such as "Europe/Zurich" or "UTC".</summary>
    public static bool TryZone(string? name, [NotNullWhen(true)] out TimeZoneInfo? zone)
    {
        zone = null;
        // The runtime reads the zone from a file of this name.
        return name is not null && ZoneName().IsMatch(name) && TimeZoneInfo.TryFindSystemTimeZoneById(name, out zone);
    }

    /// <summary>The first time after <paramref name="after"/>, UTC; null when none comes.</summary>
    public static DateTimeOffset? Next(CronExpression cron, TimeZoneInfo zone, DateTimeOffset after)
    {
        // Due times follow each other as their minutes on the wall clock do, so the search begins at the minute that the clock shows.
        var from = TimeZoneInfo.ConvertTime(after, zone).DateTime;
        while (cron.NextLocal(from) is { } local)
        {
            var due = Instant(local, zone);
            if (due > after)
                return due;
            from = local.AddMinutes(1);
        }

        return null;
    }

    private static DateTimeOffset Instant(DateTime local, TimeZoneInfo zone)
    {
        while (zone.IsInvalidTime(local))
            local = local.AddMinutes(1);
        var offset = zone.IsAmbiguousTime(local) ? zone.GetAmbiguousTimeOffsets(local).Max() : zone.GetUtcOffset(local);
        return new DateTimeOffset(local, offset).ToUniversalTime();
    }

    [GeneratedRegex(@"^(?=.{1,64}$)[A-Za-z][A-Za-z0-9_+-]*(/[A-Za-z][A-Za-z0-9_+-]*){0,2}$", RegexOptions.CultureInvariant)]
    private static partial Regex ZoneName();
}
