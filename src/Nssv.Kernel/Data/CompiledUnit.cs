using System.Text.Json.Nodes;
using Nssv.Kernel.Events;
using Nssv.Kernel.Model;

namespace Nssv.Kernel.Data;

/// <summary>What a statement may touch, so that a committer knows which ones it may send together.</summary>
internal enum Reach
{
    /// <summary>One new row; reads nothing but the rows that it refers to.</summary>
    Insert,
    /// <summary>Reads one row of its table and keeps it as it is until the commit.</summary>
    Check,
    /// <summary>Changes one row of its own table, found by its key, in columns that are part of no unique index.</summary>
    Row,
    /// <summary>Rows of its own table.</summary>
    Table,
    /// <summary>Hand-written, or a deletion that other tables hear of.</summary>
    Anything,
}

/// <summary>One statement with encoded values and the rows it must meet (-1: any number).</summary>
/// <param name="Model">The table of an insert; its columns are the values.</param>
/// <param name="Change">What a change of one row is made of.</param>
internal readonly record struct Statement(string Table, string Key, string Sql, object[] Values, int Expected, Reach Reach, TableModel? Model = null, RowChange? Change = null);

/// <summary>A change of one row: its values are those of the columns, of the key, and of the guard if there is one.</summary>
/// <param name="Guard">Column that decides whether the change counts, and how it is compared; null: none.</param>
internal sealed record RowChange(TableModel Table, IReadOnlyList<ColumnModel> Columns, (string Column, string Operator)? Guard);

/// <summary>An event of a unit.</summary>
/// <param name="Data">One JSON object.</param>
/// <param name="Statement">The statement it tells of if that may meet no row, else -1.</param>
internal sealed record PendingEvent(string Type, string ResourceType, Id ResourceId, Id ProjectId, Id? OperationId, DateTimeOffset At, string Data, int Statement)
{
    public Event Numbered(long sequence) => new(Data)
    {
        Sequence = sequence,
        Type = Type,
        ResourceType = ResourceType,
        ResourceId = ResourceId,
        ProjectId = ProjectId,
        OperationId = OperationId,
        At = At,
    };
}

/// <summary>A unit of work as SQL, made on the caller's thread so that the writer only has to run it.</summary>
internal sealed class CompiledUnit(List<Statement> statements, List<PendingEvent> events)
{
    public List<Statement> Statements { get; } = statements;
    public List<PendingEvent> Events { get; } = events;

    /// <summary>The events of statements that met a row; set while committing.</summary>
    public List<PendingEvent> Published { get; private set; } = events;

    /// <summary>Number of the last published event; 0 if there is none. Set while committing.</summary>
    public long LastSequence { get; private set; }

    /// <summary>Starts anew: the unit is tried a second time when another one of its batch failed.</summary>
    public void Reset()
    {
        Published = Events;
        LastSequence = 0;
    }

    public void Dropped(int statement) => Published = Published.FindAll(item => item.Statement != statement);

    public long Number(long first)
    {
        if (Published.Count > 0)
            LastSequence = first + Published.Count - 1;
        return first + Published.Count;
    }

    public IEnumerable<Event> Committed() => Published.Select((item, i) => item.Numbered(LastSequence - Published.Count + 1 + i));
}
