using System.Globalization;
using Nssv.Kernel.Data;
using Nssv.Kernel.Model;

namespace Nssv.Kernel.Query;

/// <summary>Values as people write them, by the type of the field.</summary>
internal static class FilterValue
{
    private static readonly (string Unit, long Bytes)[] Sizes =
    [
        ("KiB", 1L << 10), ("MiB", 1L << 20), ("GiB", 1L << 30), ("TiB", 1L << 40), ("PiB", 1L << 50),
        ("kB", 1_000), ("MB", 1_000_000), ("GB", 1_000_000_000), ("TB", 1_000_000_000_000), ("B", 1),
    ];

    public static object Read(ColumnModel column, Token token)
    {
        var text = token.Text;
        switch (column.Kind)
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
                return token.Kind == TokenKind.Word && TrySize(text, out var number) ? number : throw Wrong("a whole number, with a unit if you like (4GiB)");
            case ColumnKind.Real:
                return token.Kind == TokenKind.Word && double.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out var real) && double.IsFinite(real) ? real : throw Wrong("a number");
            case ColumnKind.Time:
                return KernelJson.TryTime(text.Length == 10 ? text + "T00:00:00Z" : text, out var time) ? Sql.Micros(time) : throw Wrong("a time, such as 2026-01-31T12:00:00Z");
            default:
                throw new InvalidOperationException($"{column.Kind}");
        }

        ProblemException Wrong(string wanted) => FilterProblems.At(token.Position, $"'{text}' is no value for '{column.JsonName}', which is {wanted}.", $"Compare '{column.JsonName}' with {wanted}.");
    }

    private static bool TrySize(string text, out long number)
    {
        number = 0;
        long unit = 1;
        foreach (var (name, bytes) in Sizes)
        {
            if (!text.EndsWith(name, StringComparison.Ordinal))
                continue;
            (unit, text) = (bytes, text[..^name.Length]);
            break;
        }
        if (!decimal.TryParse(text, NumberStyles.AllowLeadingSign | NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out var value)
            || Math.Abs(value) > long.MaxValue / (decimal)unit || value * unit != decimal.Truncate(value * unit))
            return false;
        number = (long)(value * unit);
        return true;
    }
}
