using System.Data.Common;
using System.Globalization;
using Nssv.Kernel.Model;

namespace Nssv.Kernel.Data;

/// <summary>Compares the tables that a database has with those that the declared types want.</summary>
public static class SchemaCheck
{
    /// <summary>One line a difference; empty when they agree. Types, nulls, keys, foreign keys and indexes count; the order of columns does not.</summary>
    public static IReadOnlyList<string> Differences(Database database) => database.Exclusive(connection =>
    {
        var wanted = database.Models.Tables.ToDictionary(table => table.Name, table => Wanted(table, database.Dialect), StringComparer.Ordinal);
        var found = database.Dialect.Describe(connection);
        List<string> differences = [];
        foreach (var name in wanted.Keys.Union(found.Keys).Order(StringComparer.Ordinal))
        {
            if (!found.TryGetValue(name, out var has))
                differences.Add($"{name}: the table is missing");
            else if (!wanted.TryGetValue(name, out var wants))
                differences.Add($"{name}: the table is there but no type declares it");
            else
            {
                differences.AddRange(wants.Except(has, StringComparer.Ordinal).Select(line => $"{name}: missing {line}"));
                differences.AddRange(has.Except(wants, StringComparer.Ordinal).Select(line => $"{name}: not declared {line}"));
            }
        }
        return differences;
    });

    private static List<string> Wanted(TableModel table, Dialect dialect) =>
    [
        .. table.Columns.Select(column => Column(column.Name, dialect.Tokens[Schema.Token(column.Kind)], !column.Nullable)),
        Key(table.Key.Select(column => column.Name)),
        .. table.References.Select(reference => ForeignKey(reference.Column.Name, reference.Target.Name, reference.Target.Key[0].Name, "RESTRICT")),
        .. table.Indexes.Select(index => Index(index.Name, index.Unique, index.Number is null ? index.Columns.Select(column => column.Name) : [.. index.Columns.Select(column => column == index.Number ? "" : column.Name), index.Number.Name])),
    ];

    internal static string Column(string name, string type, bool notNull) => $"column {name} {type}{(notNull ? " NOT NULL" : "")}";

    internal static string Key(IEnumerable<string> columns) => $"primary key ({string.Join(", ", columns)})";

    internal static string ForeignKey(string column, string target, string key, string action) => $"foreign key ({column}) to {target} ({key}) ON DELETE {action}";

    /// <param name="columns">Empty where something is computed.</param>
    internal static string Index(string name, bool unique, IEnumerable<string> columns) =>
        $"{(unique ? "unique " : "")}index {name} ({string.Join(", ", columns.Select(column => column.Length == 0 ? "(computed)" : column))})";

    /// <summary>Rows of a catalogue query as text; null is the empty text.</summary>
    internal static List<string[]> Rows(DbConnection connection, string sql)
    {
        using var command = connection.CreateCommand();
        command.CommandText = sql;
        using var reader = command.ExecuteReader();
        List<string[]> rows = [];
        while (reader.Read())
        {
            var row = new string[reader.FieldCount];
            for (var i = 0; i < row.Length; i++)
                row[i] = reader.IsDBNull(i) ? "" : Convert.ToString(reader.GetValue(i), CultureInfo.InvariantCulture)!;
            rows.Add(row);
        }
        return rows;
    }
}
