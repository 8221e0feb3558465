using Nssv.Kernel.Model;

namespace Nssv.Kernel.Data;

/// <summary>
/// One label of one resource, so that filters find the few resources that have it. Written by <see cref="UnitCompiler"/> in the transaction that changes the labels; what has none has no row here.
/// The primary key gives equal labels in the order of ids; the other index finds tags by the numbers that they say, and is made by the database itself.
/// </summary>
[Table("label_index")]
internal sealed record LabelRow
{
    /// <summary>Table and column, such as <c>virtual_machines.labels</c>.</summary>
    [Key, Index("by_number")] public required string Source { get; init; }

    [Key, Index("by_number")] public required string Name { get; init; }

    [Key, Index("by_number", Number = true)] public required string Value { get; init; }

    [Key, Index("by_number")] public required Id ResourceId { get; init; }

    public static string SourceOf(TableModel table, ColumnModel column) => $"{table.Name}.{column.Name}";
}
