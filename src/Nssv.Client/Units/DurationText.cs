using System.Buffers;
using System.Globalization;

namespace Nssv.Client.Units;

/// <summary>Durations as people write them: <c>30s</c>, <c>500ms</c>, <c>5m</c>, <c>1h30m</c>; a bare number is seconds.</summary>
public static class DurationText
{
    private static readonly SearchValues<char> Digits = SearchValues.Create("0123456789.");

    /// <summary>The duration; false when the text is none or is longer than a year.</summary>
    public static bool TryParse(string text, out TimeSpan duration)
    {
        duration = TimeSpan.Zero;
        var rest = text.AsSpan().Trim();
        if (rest.Length == 0)
        {
            return false;
        }

        var seconds = 0m;
        while (rest.Length > 0)
        {
            var digits = rest.IndexOfAnyExcept(Digits);
            digits = digits < 0 ? rest.Length : digits;
            var letters = rest[digits..].IndexOfAny(Digits);
            letters = letters < 0 ? rest.Length - digits : letters;
            if (!decimal.TryParse(rest[..digits], NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out var number)
                || Seconds(rest.Slice(digits, letters), text.Length == digits) is not { } unit
                || number > 366 * 86_400m)
            {
                return false;
            }

            seconds += number * unit;
            rest = rest[(digits + letters)..];
        }

        if (seconds > 366 * 86_400m)
        {
            return false;
        }

        duration = TimeSpan.FromTicks((long)(seconds * TimeSpan.TicksPerSecond));
        return true;
    }

    /// <summary>A duration for people, two units at most: <c>3.2 s</c>, <c>2 min 5 s</c>, <c>3 h 20 min</c>, <c>4 d 2 h</c>.</summary>
    public static string Format(TimeSpan duration) => duration switch
    {
        { TotalSeconds: < 10 } => string.Create(CultureInfo.InvariantCulture, $"{Math.Max(0, duration.TotalSeconds):0.0} s"),
        { TotalMinutes: < 1 } => string.Create(CultureInfo.InvariantCulture, $"{(int)duration.TotalSeconds} s"),
        { TotalHours: < 1 } => Two((int)duration.TotalMinutes, "min", duration.Seconds, "s"),
        { TotalDays: < 1 } => Two((int)duration.TotalHours, "h", duration.Minutes, "min"),
        _ => Two((int)duration.TotalDays, "d", duration.Hours, "h"),
    };

    private static string Two(int large, string largeUnit, int small, string smallUnit) =>
        small == 0 ? $"{large} {largeUnit}" : $"{large} {largeUnit} {small} {smallUnit}";

    private static decimal? Seconds(ReadOnlySpan<char> unit, bool alone) => unit switch
    {
        "" when alone => 1,
        "ms" => 0.001m,
        "s" or "sec" => 1,
        "m" or "min" => 60,
        "h" => 3600,
        "d" => 86_400,
        _ => null,
    };
}
