using System.Data.Common;
using Microsoft.Data.Sqlite;

namespace Nssv.Kernel.Data.Sqlite;

/// <summary>One SQLite connection with its prepared commands. Used by one thread at a time.</summary>
internal sealed class SqliteSession : IDisposable
{
    /// <summary>Filters make statements of many shapes; past this number all are prepared anew.</summary>
    private const int MostCommands = 256;

    private readonly Dictionary<string, SqliteCommand> _commands = new(StringComparer.Ordinal);

    public SqliteSession(string connectionString, params ReadOnlySpan<string> pragmas)
    {
        Connection = new SqliteConnection(connectionString);
        try
        {
            Connection.Open();
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

    public int Run(string sql, params ReadOnlySpan<object> values) => Prepare(sql, values).ExecuteNonQuery();

    public object? Scalar(string sql, params ReadOnlySpan<object> values) => Prepare(sql, values).ExecuteScalar();

    public List<T> Read<T>(string sql, ReadOnlySpan<object> values, Func<DbDataReader, T> map)
    {
        using var reader = Prepare(sql, values).ExecuteReader();
        List<T> rows = [];
        while (reader.Read())
            rows.Add(map(reader));
        return rows;
    }

    private SqliteCommand Prepare(string sql, ReadOnlySpan<object> values)
    {
        if (!_commands.TryGetValue(sql, out var command))
        {
            if (_commands.Count >= MostCommands)
                Forget();
            command = Connection.CreateCommand();
            command.CommandText = sql;
            for (var i = 0; i < values.Length; i++)
                command.Parameters.Add(new SqliteParameter { ParameterName = $"@p{i}" });
            _commands.Add(sql, command);
        }
        else if (command.Parameters.Count != values.Length)
        {
            throw new ArgumentException($"The statement takes {command.Parameters.Count} values, not {values.Length}: {sql}");
        }
        for (var i = 0; i < values.Length; i++)
            command.Parameters[i].Value = values[i] is SqlNull ? DBNull.Value : values[i];
        return command;
    }

    private void Forget()
    {
        foreach (var command in _commands.Values)
            command.Dispose();
        _commands.Clear();
    }

    public void Dispose()
    {
        Forget();
        Connection.Dispose();
    }
}
