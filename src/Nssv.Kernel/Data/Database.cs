using System.Data.Common;
using Nssv.Kernel.Model;
using Nssv.Kernel.Ownership;

namespace Nssv.Kernel.Data;

/// <summary>One database of the platform: SQLite or PostgreSQL, with what is stored in it. Reads are many; writes go through the one <see cref="Writer"/>.</summary>
public abstract class Database(ResourceModels models) : IAsyncDisposable
{
    public ResourceModels Models { get; } = models;

    internal abstract Dialect Dialect { get; }

    /// <summary>Runs one SELECT with encoded values (<see cref="Sql.Encode(object?)"/>).</summary>
    /// <exception cref="ReadTimeoutException">It took longer than <paramref name="limit"/> allows.</exception>
    internal abstract ValueTask<List<T>> Read<T>(string sql, object[] values, Func<DbDataReader, T> map, ReadLimit? limit = null);

    /// <summary>Runs <paramref name="work"/> alone in one transaction: schema and membership, not data.</summary>
    internal abstract T Exclusive<T>(Func<DbConnection, T> work);

    /// <summary>The same for changes of the schema.</summary>
    internal virtual T ExclusiveSchema<T>(Func<DbConnection, T> work) => Exclusive(work);

    /// <summary>The connection that commits batches for this member.</summary>
    internal abstract Committer CreateCommitter(MemberFence fence);

    public abstract ValueTask DisposeAsync();
}

/// <summary>What differs between the databases; everything else is SQL that both share.</summary>
internal abstract class Dialect
{
    public abstract string Name { get; }

    /// <summary>Fills the type tokens of migrations and generated schema.</summary>
    public abstract IReadOnlyDictionary<string, string> Tokens { get; }

    /// <summary>Keeps two processes from changing the schema together, where the transaction alone does not; {0} is the table.</summary>
    public abstract string? LockTable { get; }

    /// <summary>What each table of the database has, in the words of <see cref="SchemaCheck"/>.</summary>
    public abstract Dictionary<string, List<string>> Describe(DbConnection connection);

    /// <summary>Text of a JSON object's member; null if it has none. The key is a parameter.</summary>
    /// <param name="isNumber">The number that the text says instead.</param>
    public abstract string JsonMember(string column, string keyParameter, bool isNumber = false);

    /// <summary>The number that a text says (<see cref="TextNumber"/>); null if it says none. Indexes are made of it: its words are for ever.</summary>
    /// <param name="text">A column.</param>
    public abstract string NumberOf(string text);

    /// <summary>All these values (texts, whole numbers or fractions) as one parameter, however many they are.</summary>
    public abstract object List(IReadOnlyList<object> values);

    /// <summary>What follows a column that is to be one of the values of <see cref="List"/>.</summary>
    public abstract string InList(string parameter);

    /// <summary>Matches a whole text with regard to case.</summary>
    public abstract string LikeOperator { get; }

    /// <summary>The pattern of <see cref="LikeOperator"/> that has these parts in this order, with anything between them.</summary>
    public abstract string LikePattern(IReadOnlyList<string> parts);

    /// <summary>Where the second text begins in the first, from 1; 0 if it is not there.</summary>
    public abstract string PositionFunction { get; }

    /// <summary>It keeps figures of what its tables hold, and chooses between a list and a look-up by them.</summary>
    public abstract bool KnowsItsRows { get; }

    /// <summary>A sum that 64 bits cannot hold.</summary>
    public abstract bool IsOverflow(DbException error);
}

/// <summary>Commits one batch on its own connection. Not thread-safe: the writer calls it.</summary>
internal abstract class Committer : IDisposable
{
    /// <summary>All units in one transaction; fills in their sequence numbers. Whatever is thrown, nothing is there, unless it is <see cref="OutcomeUnknownException"/>.</summary>
    public abstract void Commit(IReadOnlyList<CompiledUnit> units);

    /// <summary>After a failure of the connection: the next batch starts on a new one.</summary>
    public virtual void Reset()
    {
    }

    public abstract void Dispose();

    /// <summary>Compares what a statement met with what it should have met.</summary>
    protected static void Check(in Statement statement, int rows)
    {
        if (statement.Expected >= 0 && rows != statement.Expected)
            throw new ConcurrencyException(statement.Table, statement.Key);
    }
}
