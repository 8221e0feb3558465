using Nssv.Kernel.Data;
using Nssv.Kernel.Model;

namespace Nssv.Kernel.Query;

/// <summary>
/// Writes a filter as conditions of a WHERE. Joins are sub-selects with IN, which both databases answer from an index; what the caller may not see is not there in any of them.
/// A negated one is NOT EXISTS, since NOT IN is unknown beside a null; a wide one is EXISTS.
/// </summary>
internal sealed class FilterSql(SqlBuilder sql, Dialect dialect, AccessPredicate access, FilterPlan plan)
{
    /// <param name="alias">Of the table that the node is about.</param>
    public void Append(FilterNode node, string alias, bool negated = false)
    {
        switch (node)
        {
            case FilterNode.Not not:
                Append(not.Part, alias, !negated);
                break;
            case FilterNode.AllOf all:
                AppendAll(all.Parts, alias, negated, isAnd: !negated);
                break;
            case FilterNode.AnyOf any:
                AppendAll(any.Parts, alias, negated, isAnd: negated);
                break;
            case FilterNode.Related related:
                AppendRelated(related, alias, negated);
                break;
            case FilterNode.IsNull { Operand: var operand }:
                var fragment = negated && IsLabel(operand) ? Json(operand.Member!) + ':' : null;
                AppendFragment(operand, fragment, alias);
                AppendOperand(operand, alias);
                sql.Text(negated ? " IS NOT NULL" : " IS NULL").Text(fragment is null ? "" : ")");
                break;
            default:
                AppendComparing(node, alias, negated);
                break;
        }
    }

    private void AppendAll(IReadOnlyList<FilterNode> parts, string alias, bool negated, bool isAnd)
    {
        if (parts.Count == 0)
        {
            sql.Text(isAnd ? "1 = 1" : "1 = 0");
            return;
        }
        sql.Text("(");
        for (var i = 0; i < parts.Count; i++)
        {
            if (i > 0)
                sql.Text(isAnd ? " AND " : " OR ");
            Append(parts[i], alias, negated);
        }
        sql.Text(")");
    }

    private void AppendRelated(FilterNode.Related related, string alias, bool negated)
    {
        var (relation, target) = (related.Relation, sql.NewAlias());
        var here = $"{alias}.{SqlBuilder.Name(relation.Column)}";
        var there = $"{target}.{SqlBuilder.Name(relation.TargetColumn)}";
        var isExists = negated || plan.Wide.Contains(related);
        sql.Text(negated ? "NOT EXISTS (SELECT 1" : isExists ? "EXISTS (SELECT 1" : $"{Unindexed(related)}{here} IN (SELECT {there}").Text($" FROM {Sql.Quote(relation.To.Name)} AS {target}");
        sql.Nested(hasWhere: false, () =>
        {
            if (isExists)
                sql.And().Text($"{there} = {here}");
            if (related.Inner is not FilterNode.AllOf { Parts.Count: 0 })
            {
                sql.And();
                Append(related.Inner, target);
            }
            access.Append(sql, relation.To, target);
        });
        sql.Text(")");
    }

    private void AppendComparing(FilterNode node, string alias, bool negated)
    {
        var operand = node switch
        {
            FilterNode.Comparing { Operand: var compared } => compared,
            FilterNode.OneOf { Operand: var listed } => listed,
            FilterNode.Matching { Operand: var matched } => matched,
            FilterNode.Containing { Operand: var searched } => searched,
            _ => throw new InvalidOperationException($"{node}"),
        };
        var orNull = negated && operand.Nullable;
        sql.Text(orNull ? "(" : "").Text(negated ? "NOT " : "").Text("(");
        switch (node)
        {
            case FilterNode.Comparing { Comparison: var comparison, Value: var value }:
                AppendFragment(operand, comparison == Comparison.Equal && IsLabel(operand) ? $"{Json(operand.Member!)}:{Json((string)value)}" : null, alias, isOpen: false);
                sql.Text(Unindexed(node));
                AppendOperand(operand, alias);
                sql.Text($" {Store.Operator(comparison)} ").Value(value);
                break;
            case FilterNode.OneOf { Values: var values }:
                sql.Text(Unindexed(node));
                AppendOperand(operand, alias);
                sql.Text($" {dialect.InList(sql.Parameter(dialect.List(values)))}");
                break;
            case FilterNode.Matching { Pattern: var pattern }:
                AppendMatching(operand, pattern, alias, Unindexed(node));
                break;
            case FilterNode.Containing { Text: var text }:
                sql.Text(dialect.PositionFunction).Text("(lower(");
                AppendOperand(operand, alias);
                sql.Text("), ").Value(text).Text(") > 0");
                break;
        }
        sql.Text(")");
        if (!orNull)
            return;
        sql.Text(" OR ");
        AppendOperand(operand, alias);
        sql.Text(" IS NULL)");
    }

    private static bool IsLabel(FilterOperand operand) => operand.Member is not null && Fields.IsLabels(operand.Column);

    private static string Json(string text) => Sql.Json(text, typeof(string));

    /// <summary>Labels are stored as <see cref="KernelJson"/> writes them, so most rows are told apart by a piece of text before any JSON is read.</summary>
    private void AppendFragment(FilterOperand operand, string? fragment, string alias, bool isOpen = true)
    {
        if (fragment is not null)
            sql.Text(isOpen ? "(" : "").Text($"{dialect.PositionFunction}({alias}.{SqlBuilder.Name(operand.Column)}, ").Value(fragment).Text(") > 0 AND ");
    }

    /// <summary>The prefix also as a range, which an index on the column answers.</summary>
    private void AppendMatching(FilterOperand operand, TextPattern pattern, string alias, string unindexed)
    {
        var joint = "";
        if (pattern.Prefix.Length > 0)
        {
            sql.Text(unindexed);
            AppendOperand(operand, alias);
            sql.Text(" >= ").Value(pattern.Prefix);
            if (pattern.AfterPrefix is { } after)
            {
                sql.Text(" AND ");
                sql.Text(unindexed);
                AppendOperand(operand, alias);
                sql.Text(" < ").Value(after);
            }
            joint = " AND ";
        }
        if (pattern.IsPrefix)
            return;
        sql.Text(joint).Text(unindexed);
        AppendOperand(operand, alias);
        sql.Text($" {dialect.LikeOperator} ").Value(dialect.LikePattern(pattern.Parts));
    }

    /// <summary>A plus keeps SQLite from using an index (https://www.sqlite.org/optoverview.html, "Disqualifying WHERE clause terms"); plans for others have none.</summary>
    private string Unindexed(FilterNode node) => plan.Broad.Contains(node) ? "+" : "";

    private void AppendOperand(FilterOperand operand, string alias)
    {
        var column = $"{alias}.{SqlBuilder.Name(operand.Column)}";
        sql.Text(operand.Member is null ? column : dialect.JsonMember(column, sql.Parameter(operand.Member)));
    }
}
