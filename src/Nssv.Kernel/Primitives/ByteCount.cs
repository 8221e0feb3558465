using System.Globalization;

namespace Nssv.Kernel;

/// <summary>Sizes in problems, for people.</summary>
public static class ByteCount
{
    private static readonly string[] Units = ["bytes", "KiB", "MiB", "GiB", "TiB", "PiB", "EiB"];

    /// <summary>The largest unit that leaves at least 1. What had to be rounded has its bytes beside it, so that it never looks like the bound that it misses.</summary>
    public static string InWords(long bytes)
    {
        var (value, unit) = ((decimal)bytes, 0);
        for (; Math.Abs(value) >= 1024 && unit < Units.Length - 1; unit++)
            value /= 1024;
        return string.Create(CultureInfo.InvariantCulture, $"{value:0.##} {Units[unit]}{(Math.Round(value, 2) == value ? "" : $" ({bytes} bytes)")}");
    }
}
