using Npgsql;
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
            command.Parameters.Add(Arrays.Of(group, column.Ordinal, column.Kind));
        batch.BatchCommands.Add(command);
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
