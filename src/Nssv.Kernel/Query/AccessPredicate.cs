using Nssv.Kernel.Data;
using Nssv.Kernel.Model;

namespace Nssv.Kernel.Query;

/// <summary>Which rows the caller may see; part of every statement and of every sub-select in it: what may not be seen is not there.</summary>
public abstract record AccessPredicate
{
    public static AccessPredicate All { get; } = new Everything();

    public static AccessPredicate InProjects(IEnumerable<Id> projects) => new Projects([.. projects.Distinct().Order()]);

    /// <summary>Another one for each kind of resource, since each has a permission of its own.</summary>
    public static AccessPredicate ByTable(Func<TableModel, AccessPredicate> access) => new PerTable(access);

    internal abstract void Append(SqlBuilder sql, TableModel table, string alias);

    private sealed record Everything : AccessPredicate
    {
        internal override void Append(SqlBuilder sql, TableModel table, string alias)
        {
        }
    }

    private sealed record PerTable(Func<TableModel, AccessPredicate> Access) : AccessPredicate
    {
        internal override void Append(SqlBuilder sql, TableModel table, string alias) => Access(table).Append(sql, table, alias);
    }

    private sealed record Projects(IReadOnlyList<Id> Ids) : AccessPredicate
    {
        internal override void Append(SqlBuilder sql, TableModel table, string alias)
        {
            sql.And();
            if (Ids.Count == 0 || !table.TryColumn(nameof(Resource.ProjectId), out var column))
            {
                sql.Text("1 = 0");
                return;
            }
            sql.Text($"{alias}.{SqlBuilder.Name(column)} IN (");
            for (var i = 0; i < Ids.Count; i++)
                sql.Text(i == 0 ? "" : ", ").Value(Ids[i].ToString());
            sql.Text(")");
        }
    }
}
