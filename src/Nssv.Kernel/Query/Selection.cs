using Nssv.Kernel.Model;

namespace Nssv.Kernel.Query;

/// <summary>Which fields of a row are shown, and which resources are put into it.</summary>
internal sealed class Selection
{
    private const int MostRelations = 16;

    private readonly HashSet<ColumnModel> _fields = [];
    private readonly SortedDictionary<string, (RelationModel Relation, Selection Selection)> _children = new(StringComparer.Ordinal);
    private bool _all;

    private Selection(TableModel table) => Table = table;

    public TableModel Table { get; }

    public IReadOnlyList<(RelationModel Relation, Selection Selection)> Children { get; private set; } = [];

    public IReadOnlyList<ColumnModel> Shown { get; private set; } = [];

    /// <summary>What must be read: what is shown, and what leads to the others.</summary>
    public IReadOnlyList<ColumnModel> Read { get; private set; } = [];

    /// <summary>Null when rows are to be shown as they are.</summary>
    /// <exception cref="ProblemException">400 invalid-fields or invalid-expand.</exception>
    public static Selection? Of(ResourceModels models, TableModel table, ListQuery query)
    {
        if (query.Fields.Count == 0 && query.Expand.Count == 0)
            return null;
        var relations = 0;
        var root = new Selection(table) { _all = query.Fields.Count == 0 };
        foreach (var path in query.Fields)
            root.AddField(models, path, ref relations);
        foreach (var path in query.Expand)
            root.AddRelation(models, path, ref relations);
        root.Finish(null);
        return root;
    }

    /// <summary>Reads a row whose columns are <see cref="Read"/>, in order.</summary>
    public ProjectedRow RowOf(System.Data.Common.DbDataReader reader) => new(this, [.. Read.Select((column, i) => ProjectedRow.Read(reader, i, column.Kind))]);

    private void AddField(ResourceModels models, string path, ref int relations)
    {
        var at = this;
        var names = path.Split('.');
        foreach (var name in names)
        {
            if (models.Relations(at.Table).TryGetValue(name, out var relation))
                at = at.Child(relation, ref relations, "fields");
            else if (ReferenceEquals(name, names[^1]) && at.Table.TryField(name, out var column) && column.Public)
            {
                at._fields.Add(column);
                return;
            }
            else
                throw Fields.Unknown("fields", $"There is no field '{Fields.Shown(name)}' in {at.Table.PublicName}.", name, Fields.Filterable(models, at.Table));
        }
        at._all = true;
    }

    private void AddRelation(ResourceModels models, string path, ref int relations)
    {
        var at = this;
        foreach (var name in path.Split('.'))
        {
            if (!models.Relations(at.Table).TryGetValue(name, out var relation))
                throw Fields.Unknown("expand", $"There is nothing to expand under '{Fields.Shown(name)}' in {at.Table.PublicName}.", name, models.Relations(at.Table).Keys);
            at = at.Child(relation, ref relations, "expand");
            at._all = true;
        }
    }

    private Selection Child(RelationModel relation, ref int relations, string where)
    {
        if (_children.TryGetValue(relation.Name, out var known))
            return known.Selection;
        if (++relations > MostRelations)
            throw Problems.Invalid(where, $"At most {MostRelations} relations are expanded at once.", code: $"invalid-{where}").AsException();
        var child = new Selection(relation.To);
        _children.Add(relation.Name, (relation, child));
        return child;
    }

    /// <param name="leading">The column by which the row above finds these rows.</param>
    private void Finish(ColumnModel? leading)
    {
        Children = [.. _children.Values];
        Shown = [.. Table.Columns.Where(column => column.Public && (_all || _fields.Contains(column)))];
        Read = [.. Shown.Concat(Children.Select(child => child.Relation.Column)).Append(leading).Append(Table.Key[0]).OfType<ColumnModel>().Distinct()];
        foreach (var (relation, child) in Children)
            child.Finish(relation.TargetColumn);
    }
}
