using Nssv.Kernel.Data;
using Nssv.Kernel.Model;

namespace Nssv.Kernel.Query;

/// <summary>
/// For a database that plans for the values it is given: what a filter asks of small tables at the other end of references is read first, inner ones before outer ones, and becomes
/// a list of ids. Of ids the database knows how many rows have them; of a join within a join it guesses, and then gathers and sorts what it could have met in order.
/// </summary>
internal sealed class ShortLists(QueryReader reader, AccessPredicate access, QueryLimits limits)
{
    /// <returns>A filter that meets the same rows.</returns>
    public async ValueTask<FilterNode> Put(FilterNode node) => node switch
    {
        FilterNode.AllOf { Parts: var parts } => new FilterNode.AllOf(await Each(parts)),
        FilterNode.AnyOf { Parts: var parts } => new FilterNode.AnyOf(await Each(parts)),
        FilterNode.Not { Part: var part } => new FilterNode.Not(await Put(part)),
        FilterNode.Related { Inner: FilterNode.AllOf { Parts.Count: 0 } } => node,
        FilterNode.Related { Relation: var relation, Inner: var inner } => await Put(relation, await Put(inner)),
        _ => node,
    };

    private async ValueTask<IReadOnlyList<FilterNode>> Each(IReadOnlyList<FilterNode> parts)
    {
        List<FilterNode> put = [];
        foreach (var part in parts)
            put.Add(await Put(part));
        return put;
    }

    private async ValueTask<FilterNode> Put(RelationModel relation, FilterNode inner)
    {
        // A join that was too long for a list makes those around it no shorter to find.
        if (relation.IsCollection || HasJoin(inner) || await Ids(relation.To, inner) is not { } ids)
            return new FilterNode.Related(relation, inner);
        var operand = new FilterOperand(relation.From, relation.Column, null);
        return ids switch
        {
            [] => new FilterNode.AnyOf([]),
            [var only] => new FilterNode.Comparing(operand, Comparison.Equal, only),
            _ => new FilterNode.OneOf(operand, ids),
        };
    }

    private static bool HasJoin(FilterNode node) => node switch
    {
        FilterNode.AllOf { Parts: var parts } => parts.Any(HasJoin),
        FilterNode.AnyOf { Parts: var parts } => parts.Any(HasJoin),
        FilterNode.Not { Part: var part } => HasJoin(part),
        FilterNode.Related => true,
        _ => false,
    };

    /// <summary>Of the rows that meet it; null if these, or the table, are too many. The size is looked at first, by the same statement.</summary>
    private async ValueTask<List<object>?> Ids(TableModel table, FilterNode node)
    {
        var sql = new SqlBuilder();
        var alias = sql.NewAlias();
        var (name, id) = (Sql.Quote(table.Name), SqlBuilder.Name(table.Key[0]));
        sql.Text("SELECT s.few, i.id FROM (SELECT count(*) <= ").Value((long)limits.SmallTable).Text($" AS few FROM (SELECT 1 FROM {name} LIMIT ").Value(limits.SmallTable + 1L)
            .Text($") AS r) AS s LEFT JOIN LATERAL (SELECT {alias}.{id} FROM {name} AS {alias}");
        sql.And().Text("s.few").And();
        new FilterSql(sql, reader.Dialect, access, FilterPlan.Plain).Append(node, alias);
        access.Append(sql, table, alias);
        sql.Text(" LIMIT ").Value(limits.MostListed + 1L).Text(") AS i(id) ON true");
        var rows = await reader.Read(sql, row => (IsFew: row.GetBoolean(0), Id: row.IsDBNull(1) ? null : (object)row.GetString(1)));
        return !rows[0].IsFew || rows.Count > limits.MostListed ? null : [.. rows.Where(row => row.Id is not null).Select(row => row.Id!)];
    }
}
