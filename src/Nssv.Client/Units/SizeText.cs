using System.Globalization;

namespace Nssv.Client.Units;

/// <summary>Sizes as people write them: <c>256MiB</c>, <c>1GiB</c>, <c>1G</c>, <c>1.5T</c>, <c>4096</c>. Units are powers of 1,024, as memory and disks of machines are counted; <c>MB</c>, <c>GB</c> and <c>TB</c> are taken so too.</summary>
public static class SizeText
{
    private static readonly string[] Units = ["B", "KiB", "MiB", "GiB", "TiB", "PiB", "EiB"];

    /// <summary>The number of bytes; false when the text is no size, is not whole in bytes, is not above zero or is beyond 2^63.</summary>
    public static bool TryParse(string text, out long bytes)
    {
        bytes = 0;
        var trimmed = text.AsSpan().Trim();
        var digits = 0;
        while (digits < trimmed.Length && (char.IsAsciiDigit(trimmed[digits]) || trimmed[digits] == '.'))
        {
            digits++;
        }

        if (Shift(trimmed[digits..].Trim()) is not { } shift
            || !decimal.TryParse(trimmed[..digits], NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out var number)
            || number <= 0
            || number > long.MaxValue >> shift)
        {
            return false;
        }

        var exact = number * (1L << shift);
        bytes = (long)exact;
        return exact == bytes;
    }

    /// <summary>A size for people: the largest unit that leaves at least 1, one decimal where it is not whole.</summary>
    public static string Format(long bytes)
    {
        var unit = 0;
        decimal value = bytes;
        while (Math.Abs(value) >= 1024 && unit < Units.Length - 1)
        {
            value /= 1024;
            unit++;
        }

        return string.Create(CultureInfo.InvariantCulture, $"{value:0.#} {Units[unit]}");
    }

    private static int? Shift(ReadOnlySpan<char> unit) => unit.ToString().ToUpperInvariant() switch
    {
        "" or "B" => 0,
        "K" or "KB" or "KIB" => 10,
        "M" or "MB" or "MIB" => 20,
        "G" or "GB" or "GIB" => 30,
        "T" or "TB" or "TIB" => 40,
        "P" or "PB" or "PIB" => 50,
        _ => null,
    };
}
