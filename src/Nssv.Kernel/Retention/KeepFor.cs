using System.Globalization;
using Nssv.Kernel.Settings;

namespace Nssv.Kernel.Retention;

/// <summary>How long something that is over is kept: for a time, or as the newest so many rows.</summary>
public sealed record KeepFor
{
    private KeepFor(TimeSpan? age, long? rows) => (Age, Rows) = (age, rows);

    public TimeSpan? Age { get; }
    public long? Rows { get; }

    public static KeepFor Days(int days) => new(TimeSpan.FromDays(days), null);

    public static KeepFor Newest(long rows) => new(null, rows);

    /// <summary>"30 days", "36 hours" or "1000000 rows"; a time also as "30d", "36h".</summary>
    public static bool TryParse(string text, out KeepFor? keep)
    {
        keep = null;
        if (ValueText.TryDuration(text, out var age))
        {
            keep = age >= TimeSpan.FromHours(1) && age <= TimeSpan.FromDays(36_500) && age.Ticks % TimeSpan.TicksPerHour == 0 ? new(age, null) : null;
            return keep is not null;
        }
        if (text.Split(' ', StringSplitOptions.RemoveEmptyEntries) is not [var number, var unit]
            || !long.TryParse(number, NumberStyles.None, CultureInfo.InvariantCulture, out var count) || count is < 1 or > 1_000_000_000_000)
            return false;
        keep = unit switch
        {
            "day" or "days" when count <= 36_500 => new(TimeSpan.FromDays(count), null),
            "hour" or "hours" when count <= 876_000 => new(TimeSpan.FromHours(count), null),
            "row" or "rows" => new(null, count),
            _ => null,
        };
        return keep is not null;
    }

    /// <summary>As it is read.</summary>
    public override string ToString() => Age is { } age ? age.TotalHours % 24 == 0 ? $"{age.TotalDays:0} days" : $"{age.TotalHours:0} hours" : $"{Rows} rows";
}

/// <summary>What is kept how long.</summary>
/// <param name="Operations">Operations with their steps, from their end on; what waits for a host or a person is kept however old it is.</param>
/// <param name="Events">Events, from their commit on.</param>
public sealed record RetentionPolicy(KeepFor Operations, KeepFor Events)
{
    /// <summary>Until then a caller's Idempotency-Key may ask for its operation.</summary>
    public static readonly TimeSpan LeastAge = Calls.Idempotency.Lifetime;

    public static RetentionPolicy Default { get; } = new(KeepFor.Days(30), KeepFor.Days(7));
}
