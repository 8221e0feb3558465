using System.Text;

namespace Nssv.Kernel.Data.Sqlite;

/// <summary><see cref="TextNumber"/> without regular expressions: CAST reads the digits at a text's start.</summary>
internal static class SqliteNumber
{
    private const string NotDigit = "[^0-9]";

    public static string Of(string text)
    {
        // Most texts begin with a letter.
        var sql = new StringBuilder($"CASE WHEN {text} < '-' OR {text} >= ':' THEN NULL");
        sql.Append($" WHEN {text} NOT GLOB '*{NotDigit}*' AND length({text}) <= 18 OR {text} GLOB '-[0-9]*' AND {text} NOT GLOB '-*{NotDigit}*' AND length({text}) <= 19 THEN CAST({text} AS INTEGER)");
        foreach (var (unit, digits, factor) in TextNumber.Sizes)
            sql.Append($" WHEN {text} GLOB '[0-9]*{unit}' AND {text} NOT GLOB '*{NotDigit}*{unit}' AND length({text}) <= {digits + unit.Length} THEN CAST({text} AS INTEGER) * {factor}");
        AppendDuration(sql, text);
        return sql.Append(" END").ToString();
    }

    private static void AppendDuration(StringBuilder sql, string text)
    {
        var units = string.Concat(TextNumber.Durations.Select(duration => duration.Unit));
        // Without its digits it is one of the 15 orders of the units.
        var letters = Enumerable.Range(0, 10).Aggregate(text, (left, digit) => $"replace({left}, '{digit}', '')");
        var orders = Enumerable.Range(1, 15).Select(mask => $"'{string.Concat(units.Where((_, i) => (mask >> i & 1) == 1))}'");
        sql.Append($" WHEN length({text}) <= {TextNumber.LongestDuration} AND {text} GLOB '[0-9]*[{units}]' AND {text} NOT GLOB '*[{units}][{units}]*' AND {letters} IN ({string.Join(", ", orders)}) THEN ");
        List<string> before = [];
        foreach (var (unit, seconds) in TextNumber.Durations)
        {
            // What one unit counts begins behind the unit before it.
            var start = before.Count switch { 0 => text, 1 => $"substr({text}, {before[0]} + 1)", _ => $"substr({text}, max({string.Join(", ", before)}) + 1)" };
            sql.Append(before.Count == 0 ? "" : " + ").Append($"CASE instr({text}, '{unit}') WHEN 0 THEN 0 ELSE CAST({start} AS INTEGER) * {seconds} END");
            before.Add($"instr({text}, '{unit}')");
        }
    }
}
