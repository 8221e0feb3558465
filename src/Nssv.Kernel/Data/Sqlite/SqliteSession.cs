using System.Data.Common;
using Microsoft.Data.Sqlite;

namespace Nssv.Kernel.Data.Sqlite;

/// <summary>One SQLite connection with its prepared statements. Used by one thread at a time.</summary>
internal sealed class SqliteSession : IDisposable
{
    /// <summary>Filters make statements of many shapes; past this number all are prepared anew.</summary>
    private const int MostStatements = 256;

    /// <summary>Of SQLite's machine: a look takes well under a hundredth of the time between two.</summary>
    private const int InstructionsBetweenLooks = 20_000;

    private const int BusyMilliseconds = 30_000;

    private readonly Dictionary<string, SqliteStatement> _statements = new(StringComparer.Ordinal);

    public SqliteSession(string connectionString, params ReadOnlySpan<string> pragmas)
    {
        Connection = new SqliteConnection(connectionString);
        try
        {
            Connection.Open();
            // Another connection may hold the file for a moment.
            _ = SQLitePCL.raw.sqlite3_busy_timeout(Connection.Handle, BusyMilliseconds);
            foreach (var pragma in pragmas)
                Run("PRAGMA " + pragma);
        }
        catch
        {
            Connection.Dispose();
            throw;
        }
    }

    public SqliteConnection Connection { get; }

    /// <summary>False inside a transaction.</summary>
    public bool AutoCommit => SQLitePCL.raw.sqlite3_get_autocommit(Connection.Handle) != 0;

    public int Run(string sql, params ReadOnlySpan<object> values) => Prepare(sql, values.Length).Run(values);

    /// <summary>The first row's first number; null if there is no row.</summary>
    public long? Scalar(string sql, params ReadOnlySpan<object> values) => Prepare(sql, values.Length).Scalar(values);

    public List<T> Read<T>(string sql, ReadOnlySpan<object> values, Func<DbDataReader, T> map) => Prepare(sql, values.Length).Read(values, map);

    /// <summary>The same, stopped when it takes too long or nobody waits for it any more.</summary>
    /// <exception cref="ReadTimeoutException">It took too long.</exception>
    public List<T> Read<T>(string sql, ReadOnlySpan<object> values, Func<DbDataReader, T> map, ReadLimit limit)
    {
        limit.Cancellation.ThrowIfCancellationRequested();
        var began = limit.Time.GetTimestamp();
        SQLitePCL.raw.sqlite3_progress_handler(Connection.Handle!, InstructionsBetweenLooks, _ => IsOver() || limit.Cancellation.IsCancellationRequested ? 1 : 0, null!);
        try
        {
            return Read(sql, values, map);
        }
        catch (SqliteException error) when (error.SqliteErrorCode == SQLitePCL.raw.SQLITE_INTERRUPT)
        {
            limit.Cancellation.ThrowIfCancellationRequested();
            throw new ReadTimeoutException(error);
        }
        finally
        {
            SQLitePCL.raw.sqlite3_progress_handler(Connection.Handle!, 0, null!, null!);
        }

        bool IsOver() => limit.Time.GetElapsedTime(began) > limit.Longest;
    }

    private SqliteStatement Prepare(string sql, int parameters)
    {
        if (_statements.TryGetValue(sql, out var statement))
            return statement;
        if (_statements.Count >= MostStatements)
            Forget();
        statement = new SqliteStatement(Connection.Handle!, sql, parameters);
        _statements.Add(sql, statement);
        return statement;
    }

    private void Forget()
    {
        foreach (var statement in _statements.Values)
            statement.Dispose();
        _statements.Clear();
    }

    public void Dispose()
    {
        Forget();
        Connection.Dispose();
    }
}
