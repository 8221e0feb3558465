using System.Text.Json;

namespace Nssv.Kernel.Model;

/// <summary>A way from one resource's rows to another's, along a reference or against it. Only public references between resources are ways.</summary>
/// <param name="Name">As queries call it: a reference without its "Id" (<c>host</c>), or the referring collection in camelCase (<c>volumes</c>).</param>
/// <param name="Column">Of <paramref name="From"/>: what is compared.</param>
/// <param name="TargetColumn">Of <paramref name="To"/>: what it is compared with.</param>
/// <param name="IsCollection">Any number of rows; else at most one.</param>
public sealed record RelationModel(string Name, TableModel From, ColumnModel Column, TableModel To, ColumnModel TargetColumn, bool IsCollection)
{
    /// <summary>
    /// References first. Of several references from one table to <paramref name="table"/>, the one that has this table's name, or the only one, makes the plain name;
    /// each other one says which it is: <c>machinesBySpareRack</c>.
    /// </summary>
    internal static IReadOnlyDictionary<string, RelationModel> Of(TableModel table, IEnumerable<ReferenceModel> referring)
    {
        Dictionary<string, RelationModel> relations = new(StringComparer.Ordinal);
        if (!table.IsResource)
            return relations;
        foreach (var reference in table.References.Where(IsWay))
            Add(new(NameOf(reference), table, reference.Column, reference.Target, reference.Target.Key[0], IsCollection: false));
        foreach (var group in referring.Where(IsWay).GroupBy(reference => reference.From))
        {
            var plain = CamelCase(group.Key.Collection!);
            foreach (var reference in group)
            {
                var isPlain = group.Count() == 1 || NameOf(reference) == CamelCase(table.Singular);
                Add(new(isPlain ? plain : $"{plain}By{NameOf(reference)[..1].ToUpperInvariant()}{NameOf(reference)[1..]}", table, table.Key[0], group.Key, reference.Column, IsCollection: true));
            }
        }
        return relations;

        void Add(RelationModel relation)
        {
            if (table.TryField(relation.Name, out var field) || !relations.TryAdd(relation.Name, relation))
                throw new ModelException([$"{table.Type.Name}: '{relation.Name}' would be both {(object?)field ?? relations[relation.Name].TargetColumn} and {relation.TargetColumn} in a query"]);
        }
    }

    private static bool IsWay(ReferenceModel reference) => reference is { From.IsResource: true, Target.IsResource: true, Column.Public: true };

    private static string NameOf(ReferenceModel reference) =>
        reference.Column.JsonName is { Length: > 2 } name && name.EndsWith("Id", StringComparison.Ordinal) ? name[..^2] : reference.Column.JsonName + "Resource";

    private static string CamelCase(string kebab) => JsonNamingPolicy.CamelCase.ConvertName(string.Concat(kebab.Split('-').Select(word => char.ToUpperInvariant(word[0]) + word[1..])));
}
