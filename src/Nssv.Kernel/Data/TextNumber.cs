using System.Globalization;
using System.Text.RegularExpressions;

namespace Nssv.Kernel.Data;

/// <summary>
/// The number that a text says, in the forms in which system tags are stored: "-7", "10GiB" (bytes), "1d12h" (seconds). It follows from the text alone, whatever the tag's type is
/// now or was when it was set; <see cref="Dialect.NumberOf"/> says the same in SQL, where an index is made of it, so neither may ever change.
/// </summary>
internal static partial class TextNumber
{
    /// <summary>Numbers without a unit and their negatives: what 18 digits hold.</summary>
    public const long Greatest = 999_999_999_999_999_999;

    /// <summary>Characters of a duration: no sum of fewer is beyond 64 bits.</summary>
    public const int LongestDuration = 15;

    /// <summary>Units of sizes, with as many digits as stay below <see cref="Greatest"/> or little above it.</summary>
    public static IReadOnlyList<(string Unit, int Digits, long Factor)> Sizes { get; } =
        [("B", 18, 1), ("KiB", 15, 1L << 10), ("MiB", 12, 1L << 20), ("GiB", 9, 1L << 30), ("TiB", 6, 1L << 40), ("PiB", 3, 1L << 50)];

    /// <summary>Units of durations in seconds, in the order in which they stand in one.</summary>
    public static IReadOnlyList<(char Unit, long Seconds)> Durations { get; } = [('d', 86_400), ('h', 3_600), ('m', 60), ('s', 1)];

    /// <summary>Null if it says none.</summary>
    public static long? Of(string text)
    {
        if (Whole().IsMatch(text))
            return Parse(text);
        foreach (var (unit, digits, factor) in Sizes)
        {
            if (text.Length > unit.Length && text.Length <= digits + unit.Length && text.EndsWith(unit, StringComparison.Ordinal) && text.AsSpan(0, text.Length - unit.Length).IndexOfAnyExceptInRange('0', '9') < 0)
                return Parse(text.AsSpan(0, text.Length - unit.Length)) * factor;
        }
        if (text.Length is 0 or > LongestDuration || Duration().Match(text) is not { Success: true } duration)
            return null;
        var seconds = 0L;
        for (var i = 0; i < Durations.Count; i++)
            seconds += duration.Groups[i + 1] is { Success: true } group ? Parse(group.ValueSpan) * Durations[i].Seconds : 0;
        return seconds;
    }

    private static long Parse(ReadOnlySpan<char> text) => long.Parse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture);

    [GeneratedRegex(@"^-?[0-9]{1,18}\z")]
    private static partial Regex Whole();

    [GeneratedRegex(@"^(?:([0-9]+)d)?(?:([0-9]+)h)?(?:([0-9]+)m)?(?:([0-9]+)s)?\z")]
    private static partial Regex Duration();
}
