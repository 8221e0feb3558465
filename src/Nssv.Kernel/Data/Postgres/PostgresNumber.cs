using System.Text;

namespace Nssv.Kernel.Data.Postgres;

/// <summary><see cref="TextNumber"/> in PostgreSQL's words.</summary>
internal static class PostgresNumber
{
    public static string Of(string text)
    {
        // Most texts begin with a letter.
        var sql = new StringBuilder($"CASE WHEN {text} < '-' OR {text} >= ':' THEN NULL WHEN {text} ~ '^-?[0-9]{{1,18}}$' THEN CAST({text} AS bigint)");
        foreach (var (unit, digits, factor) in TextNumber.Sizes)
            sql.Append($" WHEN {text} ~ '^[0-9]{{1,{digits}}}{unit}$' THEN CAST(left({text}, -{unit.Length}) AS bigint) * {factor}");
        sql.Append($" WHEN length({text}) <= {TextNumber.LongestDuration} AND {text} ~ '^{string.Concat(TextNumber.Durations.Select(duration => $"([0-9]+{duration.Unit})?"))}$' THEN ");
        sql.AppendJoin(" + ", TextNumber.Durations.Select(duration => $"coalesce(CAST(substring({text}, '([0-9]+){duration.Unit}') AS bigint) * {duration.Seconds}, 0)"));
        return sql.Append(" END").ToString();
    }
}
