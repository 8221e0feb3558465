using Nssv.Kernel.Data;
using Nssv.Kernel.Model;

namespace Nssv.Kernel.Query;

/// <summary>
/// SQLite gathers the whole list of an IN before it reads the first row, and takes an index wherever there is one. So each join is counted first, up to a bound that costs
/// a millisecond or two: a long list becomes a look-up for each row, and what meets very many rows is left to the order of the page.
/// </summary>
internal sealed class FilterPlanner(QueryReader reader, AccessPredicate access, QueryLimits limits)
{
    private readonly HashSet<FilterNode> _wide = new(ReferenceEqualityComparer.Instance);
    private readonly Dictionary<FilterNode, int> _matches = new(ReferenceEqualityComparer.Instance);

    /// <summary>The plan for a page, and the one for a count, which has no order and must meet every row anyway.</summary>
    public async ValueTask<(FilterPlan Page, FilterPlan Count)> Plan(TableModel table, FilterNode? filter, Order order)
    {
        if (filter is null || reader.Dialect.KnowsItsRows)
            return (FilterPlan.Plain, FilterPlan.Plain);
        await Visit(filter);
        IReadOnlyList<FilterNode> parts = filter is FilterNode.AllOf { Parts: var all } ? all : [filter];
        HashSet<FilterNode> broad = new(ReferenceEqualityComparer.Instance);
        // Without an index on what is sorted by, everything is gathered and sorted anyway.
        var inOrder = order.Keys.First() is { Relations.Count: 0, Column: var first } && IsIndexed(table, first) ? first : null;
        var fewest = int.MaxValue;
        foreach (var part in parts)
        {
            if (_wide.Contains(part))
                continue;
            if (LabelSql.Covers(part) is not null && part is not FilterNode.IsNull)
                fewest = Math.Min(fewest, _matches[part]);
            if (Indexed(table, part) is not { } column)
                continue;
            var matches = await Count(table, part, limits.MostCounted);
            fewest = Math.Min(fewest, matches);
            if (matches > limits.MostSorted && inOrder is not null && column != inOrder)
                broad.Add(part);
        }
        return (new(_wide, broad), fewest <= limits.MostCounted ? new(_wide, FilterPlan.Plain.Broad) : FilterPlan.Plain with { Joined = parts.FirstOrDefault(LabelSql.IsOneOfARow) });
    }

    /// <summary>Inner joins first: the count of an outer one uses what is known of them.</summary>
    private async ValueTask Visit(FilterNode node)
    {
        switch (node)
        {
            case FilterNode.AllOf { Parts: var parts }:
                foreach (var part in parts)
                    await Visit(part);
                break;
            case FilterNode.AnyOf { Parts: var parts }:
                foreach (var part in parts)
                    await Visit(part);
                break;
            case FilterNode.Not { Part: var part }:
                await Visit(part);
                break;
            case FilterNode.Related { Relation.To: var to, Inner: var inner }:
                await Visit(inner);
                if (await Count(to, inner, limits.LongestList) > limits.LongestList)
                    _wide.Add(node);
                break;
            default:
                if (LabelSql.Covers(node) is { } label && await CountLabels(node, label) > limits.LongestList)
                    _wide.Add(node);
                break;
        }
    }

    /// <summary>The column whose index answers this part alone; null if none does.</summary>
    private static ColumnModel? Indexed(TableModel table, FilterNode part)
    {
        var column = part switch
        {
            FilterNode.Related { Relation.Column: var own } => own,
            FilterNode.Comparing { Operand: { Member: null, Column: var own } } => own,
            FilterNode.OneOf { Operand: { Member: null, Column: var own } } => own,
            FilterNode.Matching { Pattern.Prefix.Length: > 0, Operand: { Member: null, Column: var own } } => own,
            _ => null,
        };
        return column is not null && IsIndexed(table, column) ? column : null;
    }

    private static bool IsIndexed(TableModel table, ColumnModel column) => column == table.Key[0] || table.Indexes.Any(index => index.Columns[0] == column);

    private async ValueTask<int> CountLabels(FilterNode node, FilterOperand label)
    {
        var sql = new SqlBuilder();
        sql.Text("SELECT count(*) FROM (SELECT 1");
        new LabelSql(sql, reader.Dialect).AppendRows(node, label);
        sql.Text(" LIMIT ").Value(limits.LongestList + 1L).Text(")");
        return _matches[node] = (int)(await reader.Read(sql, row => row.GetInt64(0)))[0];
    }

    /// <summary>How many rows meet it, counted no further than one past <paramref name="most"/>.</summary>
    private async ValueTask<int> Count(TableModel table, FilterNode node, int most)
    {
        if (_matches.TryGetValue(node, out var known))
            return known;
        var sql = new SqlBuilder();
        var alias = sql.NewAlias();
        sql.Text($"SELECT count(*) FROM (SELECT 1 FROM {Sql.Quote(table.Name)} AS {alias}");
        sql.And();
        new FilterSql(sql, reader.Dialect, access, new(_wide, FilterPlan.Plain.Broad)).Append(node, alias);
        access.Append(sql, table, alias);
        sql.Text(" LIMIT ").Value(most + 1L).Text(")");
        return _matches[node] = (int)(await reader.Read(sql, row => row.GetInt64(0)))[0];
    }
}
