using System.Data.Common;

namespace Nssv.Kernel.Data;

/// <summary>Reads committed rows. A read stores nothing and may run anywhere.</summary>
public interface IStore
{
    ValueTask<T?> Find<T>(Id id) where T : class;

    /// <exception cref="ProblemException">404 not-found.</exception>
    ValueTask<T> Get<T>(Id id) where T : class;

    /// <summary>Rows that meet all conditions, ordered by key.</summary>
    ValueTask<IReadOnlyList<T>> List<T>(params ReadOnlySpan<Condition> conditions) where T : class;

    ValueTask<T?> First<T>(params ReadOnlySpan<Condition> conditions) where T : class;

    ValueTask<long> Count<T>(params ReadOnlySpan<Condition> conditions) where T : class;

    /// <summary>
    /// Runs one parameterised SELECT of the shared dialect; parameters are @p0, @p1, … in order. A list of ids, which may be long but not empty, is written
    /// <c>"column" {in0}</c>.
    /// </summary>
    ValueTask<IReadOnlyList<T>> Select<T>(string sql, IReadOnlyList<object?> parameters, Func<DbDataReader, T> map);
}

public enum Comparison { Equal, NotEqual, Less, LessOrEqual, Greater, GreaterOrEqual, In }

/// <summary>A condition on one column; <paramref name="Property"/> is the C# property's name (use nameof). Value null means IS NULL.</summary>
public readonly record struct Condition(string Property, Comparison Comparison, object? Value)
{
    public static Condition Equal(string property, object? value) => new(property, Comparison.Equal, value);
    public static Condition In(string property, System.Collections.IEnumerable values) => new(property, Comparison.In, values);
    public static Condition Less(string property, object value) => new(property, Comparison.Less, value);
    public static Condition Greater(string property, object value) => new(property, Comparison.Greater, value);
    public static Condition NotEqual(string property, object? value) => new(property, Comparison.NotEqual, value);
}

/// <summary>Commits units of work: one writer a node, many units a transaction.</summary>
public interface IWriter
{
    /// <summary>
    /// Returns when the unit is durable. Units are committed in the order in which they were given, several in one transaction;
    /// a unit that fails takes no other with it.
    /// </summary>
    /// <returns>The sequence number of the unit's last event; 0 if it has none.</returns>
    /// <exception cref="ConcurrencyException">A statement met another number of rows than expected.</exception>
    /// <exception cref="UniqueException">A unique key or index refused a row.</exception>
    /// <exception cref="ReferenceException">A foreign key refused a row or a deletion.</exception>
    /// <exception cref="ProblemException">507 database-full, 503 unavailable: nothing of the unit is there.</exception>
    /// <exception cref="OutcomeUnknownException">The connection was lost while committing: it may or may not be there; decide by ids.</exception>
    /// <exception cref="FencedException">This node no longer owns the database.</exception>
    /// <exception cref="Ownership.NotOwnerException">The unit's hold has been dropped: nothing of it is there.</exception>
    Task<long> Commit(UnitOfWork unit);
}

/// <summary>A versioned or counted row was not as expected.</summary>
public sealed class ConcurrencyException(string table, string key) : Exception($"{table} {key} was changed or removed by something else")
{
    public string Table { get; } = table;
    public string Key { get; } = key;
}

/// <summary>A unique key refused a row.</summary>
public sealed class UniqueException(string table, string message, Exception? inner = null) : Exception(message, inner)
{
    public string Table { get; } = table;
}

/// <summary>A foreign key refused a row or a deletion.</summary>
public sealed class ReferenceException(string message, Exception? inner = null) : Exception(message, inner);

/// <summary>The outcome of a commit could not be learnt.</summary>
public sealed class OutcomeUnknownException(string message, Exception? inner = null) : Exception(message, inner);

/// <summary>A newer generation of the manager owns the database: this one must stop.</summary>
public sealed class FencedException(string message) : Exception(message);
