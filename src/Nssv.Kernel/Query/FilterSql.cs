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
            case var joined when ReferenceEquals(joined, plan.Joined):
                sql.Text("1 = 1");
                break;
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
            case var label when LabelSql.Covers(label) is { } labelled && !(plan.Wide.Contains(label) && !LabelSql.IsOneLookup(label)):
                new LabelSql(sql, dialect).Append(label, labelled, alias, isNot: negated != (label is FilterNode.IsNull), isWide: plan.Wide.Contains(label));
                break;
            case FilterNode.IsNull { Operand: var operand }:
                AppendOperand(operand with { Number = null }, alias);
                sql.Text(negated ? " IS NOT NULL" : " IS NULL");
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
        ValueSql.Append(sql, dialect, node, () => AppendOperand(operand, alias), Unindexed(node));
        sql.Text(")");
        if (!orNull)
            return;
        sql.Text(" OR ");
        AppendOperand(operand, alias);
        sql.Text(" IS NULL)");
    }

    /// <summary>A plus keeps SQLite from using an index (https://www.sqlite.org/optoverview.html, "Disqualifying WHERE clause terms"); plans for others have none.</summary>
    private string Unindexed(FilterNode node) => plan.Broad.Contains(node) ? "+" : "";

    private void AppendOperand(FilterOperand operand, string alias)
    {
        var column = $"{alias}.{SqlBuilder.Name(operand.Column)}";
        sql.Text(operand.Member is null ? column : dialect.JsonMember(column, sql.Parameter(operand.Member), operand.IsNumber));
    }
}
