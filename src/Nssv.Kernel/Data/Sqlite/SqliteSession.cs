using System.Data.Common;
using Microsoft.Data.Sqlite;

namespace Nssv.Kernel.Data.Sqlite;

/// <summary>One SQLite connection with its prepared statements. Used by one thread at a time.</summary>
internal sealed class SqliteSession : IDisposable
{
    /// <summary>Filters make statements of many shapes; past this number all are prepared anew.</summary>
    private const int MostStatements = 256;

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
