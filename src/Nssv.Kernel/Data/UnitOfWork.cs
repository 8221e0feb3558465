using Nssv.Kernel.Events;
using Nssv.Kernel.Ownership;

namespace Nssv.Kernel.Data;

/// <summary>
/// A closed list of statements with the rows each must meet. Built by a decision, committed by the <see cref="IWriter"/>, all or nothing.
/// Holds no connection and does no I/O, so deciding stays pure.
/// </summary>
public sealed class UnitOfWork
{
    private readonly List<Change> _changes = [];
    private readonly List<EventDraft> _events = [];

    /// <summary>The operation that these changes belong to; every event of the unit names it.</summary>
    public Id? OperationId { get; init; }

    /// <summary>The hold under which these changes were decided: once it is dropped they are refused. Null: they belong to no shard.</summary>
    public ShardHold? Hold { get; init; }

    /// <summary>The hold of this node's operation that asked for them: the same holds of it.</summary>
    public ShardHold? CallerHold { get; init; }

    public IReadOnlyList<Change> Changes => _changes;

    /// <summary>Events said expressly. Those of inserted, updated, observed and deleted resources the writer derives by itself.</summary>
    public IReadOnlyList<EventDraft> Events => _events;

    public bool IsEmpty => _changes.Count == 0 && _events.Count == 0;

    public UnitOfWork Insert<T>(T row) where T : class => Add(new Change.Insert(typeof(T), row));

    /// <summary>
    /// Writes the columns that differ. For a resource: <c>WHERE id AND version</c>, and the version grows by one with UpdatedAt set by the caller's record
    /// (only if a column that is not observed differs). Nothing is written when nothing differs.
    /// </summary>
    public UnitOfWork Update<T>(T before, T after) where T : class => Add(new Change.Update(typeof(T), before, after));

    /// <summary>
    /// Writes only [Observed] columns that differ: <c>WHERE id AND observed_sequence &lt;= after.ObservedSequence</c> for an <see cref="Model.IObserved"/>, else <c>WHERE id</c>.
    /// Never touches the version. A row that has seen a later report is left as it is, and that is no error.
    /// </summary>
    public UnitOfWork Observe<T>(T before, T after) where T : class => Add(new Change.Observe(typeof(T), before, after));

    /// <summary><c>WHERE id AND version</c> for a resource, else by key; one row.</summary>
    public UnitOfWork Delete<T>(T row) where T : class => Add(new Change.Delete(typeof(T), row));

    /// <summary>
    /// The row must meet the conditions when the unit is committed, and no other writer changes it before that. Nothing is written: many units may require the same row at once.
    /// </summary>
    public UnitOfWork Require<T>(Id id, params ReadOnlySpan<Condition> conditions) where T : class => Add(new Change.Require(typeof(T), id, conditions.ToArray()));

    /// <summary>One parameterised statement of the shared dialect (parameters @p0…); <paramref name="expectedRows"/> null means any number.</summary>
    public UnitOfWork Execute(string table, string sql, int? expectedRows, params object?[] parameters) =>
        Add(new Change.Statement(table, sql, parameters, expectedRows));

    public UnitOfWork Publish(EventDraft draft)
    {
        _events.Add(draft);
        return this;
    }

    /// <summary>Everything of another unit, after what is here.</summary>
    public UnitOfWork Include(UnitOfWork other)
    {
        _changes.AddRange(other._changes);
        _events.AddRange(other._events);
        return this;
    }

    private UnitOfWork Add(Change change)
    {
        _changes.Add(change);
        return this;
    }
}

/// <summary>One statement of a unit of work.</summary>
public abstract record Change
{
    public sealed record Insert(Type Type, object Row) : Change;
    public sealed record Update(Type Type, object Before, object After) : Change;
    public sealed record Observe(Type Type, object Before, object After) : Change;
    public sealed record Delete(Type Type, object Row) : Change;
    public sealed record Require(Type Type, Id Id, IReadOnlyList<Condition> Conditions) : Change;
    public sealed record Statement(string Table, string Sql, object?[] Parameters, int? ExpectedRows) : Change;
}
