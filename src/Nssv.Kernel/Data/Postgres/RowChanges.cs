using System.Globalization;
using Npgsql;

namespace Nssv.Kernel.Data.Postgres;

/// <summary>The same change of many rows as one statement, an array for each value. What it met comes back as the members' places, from 1.</summary>
internal sealed class RowChanges(PostgresDatabase database)
{
    private readonly Dictionary<string, string> _texts = new(StringComparer.Ordinal);

    /// <summary>Whether a change that met no row is no failure, so that it must be known which ones did.</summary>
    public static bool Tells(StatementGroup group) => group is { First: { Reach: Reach.Row, Expected: < 0 }, Members.Count: > 1 };

    public void Add(NpgsqlBatch batch, StatementGroup group)
    {
        var change = group.First.Change!;
        var command = new NpgsqlBatchCommand(Text(group, change));
        var place = 0;
        foreach (var column in change.Columns)
            command.Parameters.Add(Arrays.Of(group, place++, column.Kind));
        foreach (var column in change.Table.Key)
            command.Parameters.Add(Arrays.Of(group, place++, column.Kind));
        if (change.Guard is not null)
            command.Parameters.Add(Arrays.Of(group, place, Model.ColumnKind.Whole));
        batch.BatchCommands.Add(command);
    }

    private string Text(StatementGroup group, RowChange change)
    {
        if (_texts.TryGetValue(group.First.Sql, out var text))
            return text;
        var (next, key) = (0, change.Columns.Count);
        var sets = change.Columns.Select(column => $"{Sql.Quote(column.Name)} = v.c{next++}").ToList();
        var matches = change.Table.Key.Select(column => $"r.{Sql.Quote(column.Name)} = v.c{key++}").ToList();
        if (change.Guard is (var column, var comparison))
            matches.Add($"r.{Sql.Quote(column)} {comparison} v.c{key++}");
        var all = Enumerable.Range(0, key).ToList();
        text = $"UPDATE {Sql.Quote(change.Table.Name)} AS r SET {string.Join(", ", sets)} FROM unnest({string.Join(", ", all.Select(i => string.Create(CultureInfo.InvariantCulture, $"@p{i}")))}) " +
            $"WITH ORDINALITY AS v({string.Join(", ", all.Select(i => string.Create(CultureInfo.InvariantCulture, $"c{i}")))}, place) WHERE {string.Join(" AND ", matches)}{(Tells(group) ? " RETURNING v.place" : "")}";
        return _texts[group.First.Sql] = database.Positional(text);
    }
}
