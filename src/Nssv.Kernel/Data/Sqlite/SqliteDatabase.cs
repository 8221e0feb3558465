using System.Collections.Concurrent;
using System.Data.Common;
using Microsoft.Data.Sqlite;
using Nssv.Kernel.Model;
using Nssv.Kernel.Ownership;

namespace Nssv.Kernel.Data.Sqlite;

/// <summary>
/// SQLite in a file (write-ahead log, <c>synchronous=FULL</c>, many readers beside the one writer), or in memory, where one connection serves reads and writes
/// and everything happens on the calling thread.
/// </summary>
public sealed class SqliteDatabase : Database
{
    private static readonly int MostIdleReaders = Environment.ProcessorCount * 2 + 2;

    private readonly string _connectionString;
    private readonly SqliteSession? _memory;
    private readonly InstanceLock? _lock;
    private readonly ConcurrentStack<SqliteSession> _idle = new();
    private int _idleCount;
    private volatile bool _disposed;

    private SqliteDatabase(ResourceModels models, string connectionString, SqliteSession? memory, InstanceLock? instanceLock) : base(models)
    {
        _connectionString = connectionString;
        _memory = memory;
        _lock = instanceLock;
    }

    internal override Dialect Dialect => SqliteDialect.Instance;

    /// <summary>Pages that the file may have at most; 0 is no limit. Takes effect for writers opened afterwards.</summary>
    internal int MaxPages { get; init; }

    /// <summary>Opens or creates the file. A second process cannot open it while this one lives.</summary>
    /// <param name="lockFile">Held exclusively until disposal; null: <paramref name="path"/> with ".lock".</param>
    /// <exception cref="InstanceLockedException">Another process has it open.</exception>
    public static SqliteDatabase Open(string path, ResourceModels models, string? lockFile = null) =>
        new(models, ConnectionString(path), null, InstanceLock.Acquire(lockFile ?? path + ".lock"));

    /// <summary>Without the lock file, for those who have their own protection (tests of the generation).</summary>
    internal static SqliteDatabase OpenUnlocked(string path, ResourceModels models, int maxPages = 0) => new(models, ConnectionString(path), null, null) { MaxPages = maxPages };

    /// <summary>
    /// A database that lives as long as this object. One connection, no thread but the caller's, no clock and no chance: for the simulation.
    /// It outlives the nodes that use it: a restarted node opens a new <see cref="Writer"/> on the same object.
    /// </summary>
    public static SqliteDatabase InMemory(ResourceModels models) =>
        new(models, "", new SqliteSession("Data Source=:memory:;Pooling=False", "foreign_keys=ON"), null);

    internal override ValueTask<List<T>> Read<T>(string sql, object[] values, Func<DbDataReader, T> map, ReadLimit? limit = null)
    {
        if (_memory is not null)
            return new(_memory.Read(sql, values, map));
        var session = Rent();
        try
        {
            var rows = limit is null ? session.Read(sql, values, map) : session.Read(sql, values, map, limit);
            Return(session);
            return new(rows);
        }
        catch (Exception error)
        {
            session.Dispose();
            if (error is SqliteException sqlite)
                throw SqliteErrors.Map(sqlite, "");
            throw;
        }
    }

    internal override T Exclusive<T>(Func<DbConnection, T> work)
    {
        var session = _memory ?? OpenWriter();
        try
        {
            return InTransaction(session, work);
        }
        finally
        {
            if (_memory is null)
                session.Dispose();
        }
    }

    /// <summary>Tables can only be rebuilt while foreign keys are not enforced; they are checked as a whole before the transaction ends.</summary>
    internal override T ExclusiveSchema<T>(Func<DbConnection, T> work)
    {
        var session = _memory ?? OpenWriter();
        try
        {
            session.Run("PRAGMA foreign_keys=OFF");
            return InTransaction(session, connection =>
            {
                var result = work(connection);
                if (SchemaCheck.Rows(connection, "SELECT \"table\", \"parent\" FROM pragma_foreign_key_check") is [var broken, ..])
                    throw new InvalidDataException($"the migration leaves rows of {broken[0]} that refer to missing rows of {broken[1]}");
                return result;
            });
        }
        finally
        {
            if (_memory is null)
                session.Dispose();
            else
                session.Run("PRAGMA foreign_keys=ON");
        }
    }

    private static T InTransaction<T>(SqliteSession session, Func<DbConnection, T> work)
    {
        session.Run("BEGIN IMMEDIATE");
        try
        {
            var result = work(session.Connection);
            session.Run("COMMIT");
            return result;
        }
        catch
        {
            if (!session.AutoCommit)
                session.Run("ROLLBACK");
            throw;
        }
    }

    internal override Committer CreateCommitter(MemberFence fence) =>
        new SqliteCommitter(_memory ?? OpenWriter(), ownsSession: _memory is null, Models, fence);

    private SqliteSession OpenWriter()
    {
        var session = new SqliteSession(_connectionString, "journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON", "temp_store=MEMORY", "cache_size=-16000", "wal_autocheckpoint=10000");
        if (MaxPages > 0)
            session.Run($"PRAGMA max_page_count={MaxPages}");
        return session;
    }

    private SqliteSession Rent()
    {
        ObjectDisposedException.ThrowIf(_disposed, this);
        if (_idle.TryPop(out var session))
        {
            Interlocked.Decrement(ref _idleCount);
            return session;
        }
        return new SqliteSession(_connectionString, "query_only=ON", "temp_store=MEMORY", "cache_size=-4000");
    }

    private void Return(SqliteSession session)
    {
        if (_disposed || Interlocked.Increment(ref _idleCount) > MostIdleReaders)
        {
            Interlocked.Decrement(ref _idleCount);
            session.Dispose();
            return;
        }
        _idle.Push(session);
    }

    private static string ConnectionString(string path) =>
        new SqliteConnectionStringBuilder { DataSource = path, Mode = SqliteOpenMode.ReadWriteCreate, Pooling = false, DefaultTimeout = 30 }.ToString();

    public override ValueTask DisposeAsync()
    {
        _disposed = true;
        while (_idle.TryPop(out var session))
            session.Dispose();
        _memory?.Dispose();
        _lock?.Dispose();
        return ValueTask.CompletedTask;
    }
}
