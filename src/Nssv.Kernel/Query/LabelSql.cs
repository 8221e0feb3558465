using Nssv.Kernel.Data;

namespace Nssv.Kernel.Query;

/// <summary>
/// Conditions on labels by their index (<see cref="LabelRow"/>), which holds no nulls: a resource without the label has no row there, so NOT is the plain opposite.
/// </summary>
internal sealed class LabelSql(SqlBuilder sql, Dialect dialect)
{
    private static readonly string Index = Sql.Quote("label_index");

    /// <summary>The label that a node is about; null if it is about something else.</summary>
    public static FilterOperand? Covers(FilterNode node)
    {
        var operand = node switch
        {
            FilterNode.IsNull { Operand: var asked } => asked,
            FilterNode.Comparing { Operand: var compared } => compared,
            FilterNode.OneOf { Operand: var listed } => listed,
            FilterNode.Matching { Operand: var matched } => matched,
            FilterNode.Containing { Operand: var searched } => searched,
            _ => null,
        };
        return operand is { IsIndexedLabel: true } ? operand : null;
    }

    /// <summary>Whether the index answers for one resource without reading those of others.</summary>
    public static bool IsOneLookup(FilterNode node) => node is FilterNode.Comparing { Comparison: Comparison.Equal } or FilterNode.OneOf;

    /// <summary>Whether a resource has one row of the index at most that meets it.</summary>
    public static bool IsOneOfARow(FilterNode node) => node is FilterNode.Comparing { Comparison: Comparison.Equal, Operand.IsIndexedLabel: true };

    /// <param name="isNot">There is no such label.</param>
    /// <param name="isWide">Looked up for each row instead of gathered.</param>
    public void Append(FilterNode node, FilterOperand operand, string alias, bool isNot, bool isWide)
    {
        var label = sql.NewAlias();
        var id = $"{alias}.{SqlBuilder.Name(operand.Table.Key[0])}";
        // NOT IN is not taken for an anti-join by PostgreSQL; SQLite gathers the list once.
        var isExists = isWide || isNot && dialect.KnowsItsRows;
        sql.Text(isExists ? $"{(isNot ? "NOT " : "")}EXISTS (SELECT 1" : $"{id} {(isNot ? "NOT " : "")}IN (SELECT {label}.resource_id").Text($" FROM {Index} AS {label}");
        sql.Nested(hasWhere: false, () =>
        {
            AppendConditions(node, operand, label);
            if (isExists)
                sql.And().Text($"{label}.resource_id = {id}");
        });
        sql.Text(")");
    }

    /// <summary>Joins the index to the table with an alias, so that only rows that meet the node are left.</summary>
    public void AppendJoin(FilterNode node, string alias)
    {
        var operand = Covers(node)!;
        var label = sql.NewAlias();
        sql.Text($" JOIN {Index} AS {label} ON {label}.resource_id = {alias}.{SqlBuilder.Name(operand.Table.Key[0])}");
        sql.Nested(hasWhere: true, () => AppendConditions(node, operand, label));
    }

    /// <summary>The rows of the index that meet a node, for a statement of their own.</summary>
    public void AppendRows(FilterNode node, FilterOperand operand)
    {
        var label = sql.NewAlias();
        sql.Text($" FROM {Index} AS {label}");
        AppendConditions(node, operand, label);
    }

    private void AppendConditions(FilterNode node, FilterOperand operand, string label)
    {
        sql.And().Text($"{label}.source = ").Value(LabelRow.SourceOf(operand.Table, operand.Column));
        sql.And().Text($"{label}.name = ").Value(operand.Member!);
        if (node is FilterNode.IsNull)
            return;
        sql.And();
        ValueSql.Append(sql, dialect, node, () => sql.Text(operand.IsNumber ? $"({dialect.NumberOf($"{label}.value")})" : $"{label}.value"));
    }
}
