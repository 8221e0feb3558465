using System.Globalization;
using Nssv.Kernel.Data;
using Nssv.Kernel.Model;
using Nssv.Kernel.Settings;
using Nssv.Kernel.Tags;

namespace Nssv.Kernel.Query;

/// <summary>Values as people write them, by the type of the field.</summary>
internal static class FilterValue
{
    private static readonly (string Unit, long Bytes)[] Sizes =
    [
        ("KiB", 1L << 10), ("MiB", 1L << 20), ("GiB", 1L << 30), ("TiB", 1L << 40), ("PiB", 1L << 50),
        ("kB", 1_000), ("MB", 1_000_000), ("GB", 1_000_000_000), ("TB", 1_000_000_000_000), ("B", 1),
    ];

    private static readonly (string Unit, long Micros)[] Durations =
    [
        ("ms", 1_000), ("us", 1), ("s", 1_000_000), ("m", 60_000_000), ("h", 3_600_000_000), ("d", 86_400_000_000), ("w", 604_800_000_000),
    ];

    /// <param name="now">What "now" in a time means.</param>
    /// <exception cref="ProblemException">400 invalid-filter: the value is not of the field's kind.</exception>
    public static object Read(FilterOperand operand, Token token, DateTimeOffset now)
    {
        var (column, text) = (operand.Column, token.Text);
        switch (operand.Kind)
        {
            case ColumnKind.Text:
                return text.Contains('\0') ? throw Wrong("a text without NUL characters") : text;
            case ColumnKind.Id:
                return Id.TryParse(text, null, out var id) ? id.ToString() : throw Wrong("an id, such as 0192f0c1-2b3c-7d4e-8f50-123456789abc");
            case ColumnKind.Enum:
                var names = EnumText.Names(column.ClrType);
                return names.Contains(text) ? text : throw Wrong("one of " + string.Join(", ", names));
            case ColumnKind.Boolean:
                return text is "true" or "false" ? Sql.Encode(text == "true") : throw Wrong("true or false");
            case ColumnKind.Whole:
                return operand.Number is { } kind ? TagNumber(kind) : WholeNumber();
            case ColumnKind.Real:
                return token.Kind == TokenKind.Word && double.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out var real) && double.IsFinite(real) ? real : throw Wrong("a number");
            case ColumnKind.Time:
                return TryTime(text, now, out var time) ? Sql.Micros(time) : throw Wrong("a time, such as 2026-01-31T12:00:00Z, or now-1d");
            default:
                throw new InvalidOperationException($"{operand.Kind}");
        }

        object WholeNumber()
        {
            if (DurationUnit(column) is { } unit)
                return token.Kind == TokenKind.Word && (TryScaled(text, [("", unit)], out var micros) || TryScaled(text, Durations, out micros)) && micros % unit == 0 ? micros / unit : throw Wrong("a duration, such as 90s or 7d");
            return token.Kind == TokenKind.Word && (TryScaled(text, [("", 1)], out var number) || TryScaled(text, Sizes, out number)) ? number : throw Wrong("a whole number, with a unit if you like (4GiB)");
        }

        object TagNumber(TagKind kind) => kind switch
        {
            TagKind.Integer => TryScaled(text, [("", 1)], out var number) ? number : throw Wrong("a whole number"),
            TagKind.Size => TryScaled(text, [("", 1)], out var bytes) || TryScaled(text, Sizes, out bytes) ? bytes : throw Wrong("a size, such as 512MiB"),
            _ => ValueText.TryDuration(text, out var duration) ? (long)duration.TotalSeconds
                : (TryScaled(text, [("", 1_000_000)], out var micros) || TryScaled(text, Durations, out micros)) && micros % 1_000_000 == 0 ? micros / 1_000_000
                : throw Wrong("a duration, such as 90s or 1d12h"),
        };

        ProblemException Wrong(string wanted)
        {
            var name = operand.Member is null ? column.JsonName : $"{column.JsonName}.{Fields.Shown(operand.Member)}";
            return FilterProblems.At(token.Position, $"'{Fields.Shown(text)}' is no value for '{name}', which is {wanted}.", $"Compare '{name}' with {wanted}.");
        }
    }

    /// <summary>Microseconds in one of what the column counts; null if it is no duration.</summary>
    private static long? DurationUnit(ColumnModel column) =>
        column.JsonName.EndsWith("Milliseconds", StringComparison.Ordinal) ? 1_000
        : column.JsonName.EndsWith("Microseconds", StringComparison.Ordinal) ? 1
        : column.JsonName.EndsWith("Seconds", StringComparison.Ordinal) ? 1_000_000
        : null;

    /// <summary>RFC 3339, a day, or "now" with a duration before or after it.</summary>
    private static bool TryTime(string text, DateTimeOffset now, out DateTimeOffset time)
    {
        time = now;
        if (!text.StartsWith("now", StringComparison.Ordinal))
            return KernelJson.TryTime(text.Length == 10 ? text + "T00:00:00Z" : text, out time);
        if (text.Length == 3)
            return true;
        if (text[3] is not ('+' or '-') || text.Length == 4 || !char.IsAsciiDigit(text[4]) || !TryScaled(text[4..], Durations, out var micros))
            return false;
        var ticks = text[3] == '-' ? -(decimal)micros * TimeSpan.TicksPerMicrosecond : (decimal)micros * TimeSpan.TicksPerMicrosecond;
        if (now.UtcTicks + ticks < DateTimeOffset.MinValue.UtcTicks || now.UtcTicks + ticks > DateTimeOffset.MaxValue.UtcTicks)
            return false;
        time = now.AddTicks((long)ticks);
        return true;
    }

    /// <summary>A decimal number with one of the units, if it is a whole number of the smallest.</summary>
    private static bool TryScaled(string text, ReadOnlySpan<(string Name, long Factor)> units, out long number)
    {
        number = 0;
        foreach (var (name, factor) in units)
        {
            if (!text.EndsWith(name, StringComparison.Ordinal) || !decimal.TryParse(text.AsSpan(0, text.Length - name.Length), NumberStyles.AllowLeadingSign | NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out var value))
                continue;
            if (Math.Abs(value) > long.MaxValue / (decimal)factor || value * factor != decimal.Truncate(value * factor))
                return false;
            number = (long)(value * factor);
            return true;
        }
        return false;
    }
}
