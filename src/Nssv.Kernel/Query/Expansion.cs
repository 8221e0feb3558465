using Nssv.Kernel.Data;
using Nssv.Kernel.Model;

namespace Nssv.Kernel.Query;

/// <summary>Reads what is put into the rows of a page: one statement for each relation, however many rows there are.</summary>
internal sealed class Expansion(QueryReader reader, AccessPredicate access, int most)
{
    private int _taken;

    /// <exception cref="ProblemException">400 expansion-too-large.</exception>
    public async ValueTask Fill(Selection selection, IReadOnlyList<ProjectedRow> rows)
    {
        for (var i = 0; i < selection.Children.Count; i++)
        {
            var (relation, child) = selection.Children[i];
            List<object> keys = [.. rows.Select(row => row[relation.Column]).OfType<object>().Distinct()];
            if (keys.Count == 0)
                continue;
            var related = await Read(relation, child, keys);
            await Fill(child, related);
            var byKey = related.ToLookup(row => row[relation.TargetColumn]);
            foreach (var row in rows)
            {
                if (row[relation.Column] is { } key)
                    row.Related[i] = [.. byKey[key]];
            }
        }
    }

    private async ValueTask<List<ProjectedRow>> Read(RelationModel relation, Selection child, List<object> keys)
    {
        var sql = new SqlBuilder();
        var alias = sql.NewAlias();
        sql.Text("SELECT ").Text(string.Join(", ", child.Read.Select(column => $"{alias}.{SqlBuilder.Name(column)}"))).Text($" FROM {Sql.Quote(relation.To.Name)} AS {alias}");
        sql.And().Text($"{alias}.{SqlBuilder.Name(relation.TargetColumn)} {reader.Dialect.InList(sql.Parameter(reader.Dialect.List(keys)))}");
        access.Append(sql, relation.To, alias);
        sql.Text($" ORDER BY {alias}.{SqlBuilder.Name(relation.To.Key[0])} LIMIT ").Value(most - _taken + 1L);
        var rows = await reader.Read(sql, row => child.RowOf(row));
        _taken += rows.Count;
        return _taken <= most ? rows : throw Problems.Invalid("expand", $"More than {most} resources would be put into this page.",
            $"Ask for fewer rows at once (limit), or ask {relation.To.Collection} themselves.", "expansion-too-large").AsException();
    }
}
