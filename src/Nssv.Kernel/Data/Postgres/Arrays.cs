using Npgsql;
using NpgsqlTypes;
using Nssv.Kernel.Model;

namespace Nssv.Kernel.Data.Postgres;

/// <summary>One value of each member of a group, as an array.</summary>
internal static class Arrays
{
    /// <param name="place">Of the value in the statements.</param>
    public static NpgsqlParameter Of(StatementGroup group, int place, ColumnKind kind) => kind switch
    {
        ColumnKind.Whole or ColumnKind.Boolean or ColumnKind.Time => new NpgsqlParameter<long?[]> { TypedValue = Values(group, place, value => value as long?), NpgsqlDbType = NpgsqlDbType.Array | NpgsqlDbType.Bigint },
        ColumnKind.Real => new NpgsqlParameter<double?[]> { TypedValue = Values(group, place, value => value as double?), NpgsqlDbType = NpgsqlDbType.Array | NpgsqlDbType.Double },
        _ => new NpgsqlParameter<string?[]> { TypedValue = Values(group, place, value => value as string), NpgsqlDbType = NpgsqlDbType.Array | NpgsqlDbType.Text },
    };

    private static T[] Values<T>(StatementGroup group, int place, Func<object, T> value)
    {
        var values = new T[group.Members.Count];
        for (var i = 0; i < values.Length; i++)
        {
            var (unit, statement) = group.Members[i];
            values[i] = value(unit.Statements[statement].Values[place]);
        }
        return values;
    }
}
