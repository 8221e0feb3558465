using Nssv.Kernel.Deletion;
using Nssv.Kernel.Model;

namespace Nssv.Kernel.Query;

/// <summary>What lies in the recycle bin is in no list but its own; by its id it can be read.</summary>
internal static class RecycledRows
{
    /// <param name="alias">Of the table in the statement; null for none.</param>
    public static void Hide(SqlBuilder sql, TableModel table, string? alias = null)
    {
        if (typeof(IRecyclable).IsAssignableFrom(table.Type))
            sql.And().Text($"{(alias is null ? "" : alias + ".")}{SqlBuilder.Name(table.Column(nameof(IRecyclable.DeletedAt)))} IS NULL");
    }
}
