using System.Text;
using Microsoft.Data.Sqlite;
using SQLitePCL;

namespace Nssv.Kernel.Data.Sqlite;

/// <summary>
/// One prepared statement, used again and again. Straight on SQLite's own calls: a command of the ADO.NET provider looks each parameter up by name each time,
/// which costs the writer more than SQLite itself.
/// </summary>
internal sealed class SqliteStatement : IDisposable
{
    private const int LargestKept = 64 * 1024;

    private readonly sqlite3 _database;
    private readonly sqlite3_stmt _statement;

    /// <summary>SQLite counts parameters as they appear; @p0, @p1 … may appear in any order and several times.</summary>
    private readonly int[] _places;
    private byte[] _text = new byte[512];

    /// <param name="parameters">How many values each run is given.</param>
    public SqliteStatement(sqlite3 database, string sql, int parameters)
    {
        _database = database;
        Check(raw.sqlite3_prepare_v3(database, sql, raw.SQLITE_PREPARE_PERSISTENT, out _statement));
        _places = new int[parameters];
        var found = 0;
        for (var i = 0; i < parameters; i++)
        {
            if ((_places[i] = raw.sqlite3_bind_parameter_index(_statement, $"@p{i}")) > 0)
                found++;
        }
        if (found == raw.sqlite3_bind_parameter_count(_statement))
            return;
        Dispose();
        throw new ArgumentException($"The statement has parameters without a value: {sql}");
    }

    /// <summary>Runs it to its end.</summary>
    /// <returns>Rows that it wrote, if it writes.</returns>
    public int Run(ReadOnlySpan<object> values)
    {
        Bind(values);
        try
        {
            while (Step())
            {
            }
            return raw.sqlite3_changes(_database);
        }
        finally
        {
            raw.sqlite3_reset(_statement);
        }
    }

    /// <summary>The first row's first number; null if there is no row.</summary>
    public long? Scalar(ReadOnlySpan<object> values)
    {
        Bind(values);
        try
        {
            return Step() ? raw.sqlite3_column_int64(_statement, 0) : null;
        }
        finally
        {
            raw.sqlite3_reset(_statement);
        }
    }

    public List<T> Read<T>(ReadOnlySpan<object> values, Func<System.Data.Common.DbDataReader, T> map)
    {
        Bind(values);
        try
        {
            List<T> rows = [];
            using var row = new SqliteRow(_statement);
            while (Step())
                rows.Add(map(row));
            return rows;
        }
        finally
        {
            raw.sqlite3_reset(_statement);
        }
    }

    private bool Step()
    {
        var result = raw.sqlite3_step(_statement);
        if (result == raw.SQLITE_ROW)
            return true;
        if (result != raw.SQLITE_DONE)
            Check(result);
        return false;
    }

    private void Bind(ReadOnlySpan<object> values)
    {
        if (values.Length != _places.Length)
            throw new ArgumentException($"The statement takes {_places.Length} values, not {values.Length}: {raw.sqlite3_sql(_statement).utf8_to_string()}");
        for (var i = 0; i < values.Length; i++)
        {
            if (_places[i] == 0)
                continue;
            Check(values[i] switch
            {
                string text => BindText(_places[i], text),
                long number => raw.sqlite3_bind_int64(_statement, _places[i], number),
                double number => raw.sqlite3_bind_double(_statement, _places[i], number),
                SqlNull => raw.sqlite3_bind_null(_statement, _places[i]),
                var other => throw new ArgumentException($"{other.GetType().Name} is not encoded"),
            });
        }
    }

    private int BindText(int place, string text)
    {
        if (text.Length == 0)
            return raw.sqlite3_bind_text(_statement, place, ""); // no bytes at all would be a null
        var most = Encoding.UTF8.GetMaxByteCount(text.Length);
        if (most > LargestKept)
            return raw.sqlite3_bind_text(_statement, place, Encoding.UTF8.GetBytes(text));
        if (_text.Length < most)
            _text = new byte[most];
        return raw.sqlite3_bind_text(_statement, place, _text.AsSpan(0, Encoding.UTF8.GetBytes(text, _text)));
    }

    private void Check(int result)
    {
        if (result != raw.SQLITE_OK)
            SqliteException.ThrowExceptionForRC(result, _database);
    }

    public void Dispose() => _statement?.Dispose();
}
