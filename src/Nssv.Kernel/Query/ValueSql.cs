using Nssv.Kernel.Data;

namespace Nssv.Kernel.Query;

/// <summary>Writes what a value must be like, whatever it is read from.</summary>
internal static class ValueSql
{
    /// <param name="operand">Writes what is compared.</param>
    /// <param name="unindexed">Stands before it, see <see cref="FilterSql"/>.</param>
    public static void Append(SqlBuilder sql, Dialect dialect, FilterNode node, Action operand, string unindexed = "")
    {
        switch (node)
        {
            case FilterNode.Comparing { Comparison: var comparison, Value: var value }:
                Operand().Text($" {Store.Operator(comparison)} ").Value(value);
                break;
            case FilterNode.OneOf { Values: var values }:
                Operand().Text($" {dialect.InList(sql.Parameter(dialect.List(values)))}");
                break;
            case FilterNode.Matching { Pattern: var pattern }:
                AppendMatching(pattern);
                break;
            case FilterNode.Containing { Text: var text }:
                sql.Text(dialect.PositionFunction).Text("(lower(");
                operand();
                sql.Text("), ").Value(text).Text(") > 0");
                break;
            default:
                throw new InvalidOperationException($"{node}");
        }

        SqlBuilder Operand()
        {
            sql.Text(unindexed);
            operand();
            return sql;
        }

        // The prefix also as a range, which an index answers.
        void AppendMatching(TextPattern pattern)
        {
            var joint = "";
            if (pattern.Prefix.Length > 0)
            {
                Operand().Text(" >= ").Value(pattern.Prefix);
                if (pattern.AfterPrefix is { } after)
                {
                    sql.Text(" AND ");
                    Operand().Text(" < ").Value(after);
                }
                joint = " AND ";
            }
            if (pattern.IsPrefix)
                return;
            sql.Text(joint);
            Operand().Text($" {dialect.LikeOperator} ").Value(dialect.LikePattern(pattern.Parts));
        }
    }
}
