using Npgsql;
using NpgsqlTypes;
using Nssv.Kernel.Model;

namespace Nssv.Kernel.Data.Postgres;

/// <summary>Many rows of one table as one statement, an array for each column: one text to prepare, whatever the number of rows.</summary>
internal sealed class RowInserts
{
    private readonly Dictionary<TableModel, string> _texts = [];

    public void Add(NpgsqlBatch batch, TableModel table, StatementGroup group)
    {
        var command = new NpgsqlBatchCommand(Text(table));
        foreach (var column in table.Columns)
        {
            command.Parameters.Add(column.Kind switch
            {
                ColumnKind.Whole or ColumnKind.Boolean or ColumnKind.Time => new NpgsqlParameter<long?[]> { TypedValue = Values(group, column, value => value as long?), NpgsqlDbType = NpgsqlDbType.Array | NpgsqlDbType.Bigint },
                ColumnKind.Real => new NpgsqlParameter<double?[]> { TypedValue = Values(group, column, value => value as double?), NpgsqlDbType = NpgsqlDbType.Array | NpgsqlDbType.Double },
                _ => new NpgsqlParameter<string?[]> { TypedValue = Values(group, column, value => value as string), NpgsqlDbType = NpgsqlDbType.Array | NpgsqlDbType.Text },
            });
        }
        batch.BatchCommands.Add(command);
    }

    private static T[] Values<T>(StatementGroup group, ColumnModel column, Func<object, T> value)
    {
        var values = new T[group.Members.Count];
        for (var i = 0; i < values.Length; i++)
        {
            var (unit, statement) = group.Members[i];
            values[i] = value(unit.Statements[statement].Values[column.Ordinal]);
        }
        return values;
    }

    private string Text(TableModel table)
    {
        if (!_texts.TryGetValue(table, out var text))
        {
            _texts.Add(table, text = $"INSERT INTO {Sql.Quote(table.Name)} ({table.SelectList()}) " +
                $"SELECT * FROM unnest({string.Join(", ", table.Columns.Select(column => $"${column.Ordinal + 1}"))})");
        }
        return text;
    }
}
