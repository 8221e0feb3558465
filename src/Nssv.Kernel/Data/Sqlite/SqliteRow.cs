using System.Collections;
using System.Data.Common;
using SQLitePCL;

namespace Nssv.Kernel.Data.Sqlite;

/// <summary>The row on which a statement stands, with what the compiled readers ask of it; rows are stepped through by <see cref="SqliteStatement"/>.</summary>
internal sealed class SqliteRow(sqlite3_stmt statement) : DbDataReader
{
    public override int FieldCount => raw.sqlite3_column_count(statement);
    public override bool IsDBNull(int ordinal) => raw.sqlite3_column_type(statement, ordinal) == raw.SQLITE_NULL;
    public override string GetString(int ordinal) => raw.sqlite3_column_text(statement, ordinal).utf8_to_string() ?? throw Null(ordinal);
    public override long GetInt64(int ordinal) => raw.sqlite3_column_int64(statement, NotNull(ordinal));
    public override int GetInt32(int ordinal) => checked((int)GetInt64(ordinal));
    public override short GetInt16(int ordinal) => checked((short)GetInt64(ordinal));
    public override bool GetBoolean(int ordinal) => GetInt64(ordinal) != 0;
    public override double GetDouble(int ordinal) => raw.sqlite3_column_double(statement, NotNull(ordinal));
    public override string GetName(int ordinal) => raw.sqlite3_column_name(statement, ordinal).utf8_to_string();

    public override object GetValue(int ordinal) => raw.sqlite3_column_type(statement, ordinal) switch
    {
        raw.SQLITE_NULL => DBNull.Value,
        raw.SQLITE_INTEGER => GetInt64(ordinal),
        raw.SQLITE_FLOAT => GetDouble(ordinal),
        _ => GetString(ordinal),
    };

    private int NotNull(int ordinal) => IsDBNull(ordinal) ? throw Null(ordinal) : ordinal;

    private InvalidOperationException Null(int ordinal) => new($"{GetName(ordinal)} is null");

    private static NotSupportedException Unasked => new("Rows of SQLite are read as numbers and texts, by their place");

    public override object this[int ordinal] => GetValue(ordinal);
    public override object this[string name] => throw Unasked;
    public override int Depth => 0;
    public override bool HasRows => throw Unasked;
    public override bool IsClosed => false;
    public override int RecordsAffected => -1;
    public override bool Read() => throw Unasked;
    public override bool NextResult() => throw Unasked;
    public override int GetOrdinal(string name) => throw Unasked;
    public override int GetValues(object[] values) => throw Unasked;
    public override byte GetByte(int ordinal) => throw Unasked;
    public override long GetBytes(int ordinal, long dataOffset, byte[]? buffer, int bufferOffset, int length) => throw Unasked;
    public override char GetChar(int ordinal) => throw Unasked;
    public override long GetChars(int ordinal, long dataOffset, char[]? buffer, int bufferOffset, int length) => throw Unasked;
    public override string GetDataTypeName(int ordinal) => throw Unasked;
    public override DateTime GetDateTime(int ordinal) => throw Unasked;
    public override decimal GetDecimal(int ordinal) => throw Unasked;
    public override Type GetFieldType(int ordinal) => throw Unasked;
    public override float GetFloat(int ordinal) => throw Unasked;
    public override Guid GetGuid(int ordinal) => throw Unasked;
    public override IEnumerator GetEnumerator() => throw Unasked;
}
