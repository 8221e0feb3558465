using System.Globalization;

namespace Nssv.Kernel.Settings;

/// <summary>Durations and sizes as people write them in a setting, each with one canonical text.</summary>
internal static class ValueText
{
    public const long LongestSeconds = 36_500L * 86_400;
    private static readonly (string Unit, long Seconds)[] Durations = [("d", 86_400), ("h", 3_600), ("m", 60), ("s", 1)];
    private static readonly string[] Sizes = ["B", "KiB", "MiB", "GiB", "TiB", "PiB"];

    /// <summary>Numbers with a unit, largest first: "1d12h". Each unit at most once.</summary>
    public static bool TryDuration(string text, out TimeSpan value)
    {
        value = default;
        var (rest, seconds, next) = (text, 0L, 0);
        while (rest.Length > 0)
        {
            var digits = rest.TakeWhile(char.IsAsciiDigit).Count();
            var letters = rest.Skip(digits).TakeWhile(char.IsAsciiLetter).Count();
            var unit = Array.FindIndex(Durations, next, known => known.Unit == rest.Substring(digits, letters));
            if (unit < 0 || !long.TryParse(rest[..digits], NumberStyles.None, CultureInfo.InvariantCulture, out var number) || number > LongestSeconds)
                return false;
            seconds += number * Durations[unit].Seconds;
            if (seconds > LongestSeconds)
                return false;
            (rest, next) = (rest[(digits + letters)..], unit + 1);
        }
        value = TimeSpan.FromSeconds(seconds);
        return text.Length > 0;
    }

    public static string Of(TimeSpan duration)
    {
        var (text, seconds) = ("", (long)duration.TotalSeconds);
        foreach (var (unit, length) in Durations)
        {
            if (seconds >= length)
                text += string.Create(CultureInfo.InvariantCulture, $"{seconds / length}{unit}");
            seconds %= length;
        }
        return text.Length == 0 ? "0s" : text;
    }

    public static bool TrySize(string text, out long bytes)
    {
        bytes = 0;
        var digits = text.TakeWhile(char.IsAsciiDigit).Count();
        var unit = digits == text.Length ? 0 : Array.IndexOf(Sizes, text[digits..]);
        if (unit < 0 || !long.TryParse(text.AsSpan(0, digits), NumberStyles.None, CultureInfo.InvariantCulture, out var number) || number > long.MaxValue >> unit * 10)
            return false;
        bytes = number << unit * 10;
        return true;
    }

    public static string OfSize(long bytes)
    {
        var unit = 0;
        while (bytes != 0 && bytes % 1024 == 0 && unit < Sizes.Length - 1)
            (bytes, unit) = (bytes / 1024, unit + 1);
        return string.Create(CultureInfo.InvariantCulture, $"{bytes}{Sizes[unit]}");
    }
}
