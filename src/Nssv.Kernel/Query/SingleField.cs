using Nssv.Kernel.Data;
using Nssv.Kernel.Model;

namespace Nssv.Kernel.Query;

/// <summary>A field that each row has at most one value of: its own, or that of a resource it refers to.</summary>
internal sealed record SingleField(string Path, IReadOnlyList<RelationModel> Relations, ColumnModel Column)
{
    private const int MostRelations = 6;

    public bool Nullable => Column.Nullable || Relations.Count > 0;

    public static SingleField Own(ColumnModel column) => new(column.JsonName, [], column);

    /// <param name="where">The parameter that names it, for the problem.</param>
    /// <exception cref="ProblemException">400: there is no such field, or rows have many of it.</exception>
    public static SingleField Read(ResourceModels models, TableModel table, string where, string path)
    {
        List<RelationModel> relations = [];
        var names = path.Split('.');
        if (names.Length > MostRelations + 1)
            throw Problems.Invalid(where, $"'{Fields.Shown(path)}' goes over more than {MostRelations} references.", code: $"invalid-{where}").AsException();
        foreach (var name in names[..^1])
        {
            if (!models.Relations(table).TryGetValue(name, out var relation) || relation.IsCollection)
                throw Fields.Unknown(where, $"There is no reference '{Fields.Shown(name)}' in {table.PublicName}.", name, models.Relations(table).Values.Where(known => !known.IsCollection).Select(known => known.Name));
            relations.Add(relation);
            table = relation.To;
        }
        return table.TryField(names[^1], out var column) && column is { Public: true, Kind: not ColumnKind.Json }
            ? new(path, relations, column)
            : throw Fields.Unknown(where, $"{table.PublicName} has no single value '{Fields.Shown(names[^1])}'.", names[^1], Fields.Single(models, table));
    }
}

/// <summary>The tables that a statement joins to its own for the sake of single fields; what the caller may not see is null.</summary>
internal sealed class Joins(SqlBuilder sql, AccessPredicate access, string root)
{
    private readonly Dictionary<string, string> _aliases = new(StringComparer.Ordinal);
    private readonly List<(RelationModel Relation, string From, string To)> _joins = [];

    /// <summary>The field's column. Call it for all fields before <see cref="Append"/>.</summary>
    public string Name(SingleField field)
    {
        var (alias, path) = (root, "");
        foreach (var relation in field.Relations)
        {
            path += relation.Name + ".";
            if (!_aliases.TryGetValue(path, out var next))
            {
                _aliases[path] = next = sql.NewAlias();
                _joins.Add((relation, alias, next));
            }
            alias = next;
        }
        return $"{alias}.{SqlBuilder.Name(field.Column)}";
    }

    public void Append()
    {
        foreach (var (relation, from, to) in _joins)
        {
            sql.Text($" LEFT JOIN {Sql.Quote(relation.To.Name)} AS {to} ON {to}.{SqlBuilder.Name(relation.TargetColumn)} = {from}.{SqlBuilder.Name(relation.Column)}");
            sql.Nested(hasWhere: true, () => access.Append(sql, relation.To, to));
        }
    }
}
