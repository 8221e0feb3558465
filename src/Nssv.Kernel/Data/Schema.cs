using System.Data.Common;
using System.Text;
using System.Text.RegularExpressions;
using Nssv.Kernel.Model;

namespace Nssv.Kernel.Data;

/// <summary>The tables that the declared types want, as SQL with type tokens: the text of a first migration, and the schema of tests and simulations.</summary>
public static partial class Schema
{
    /// <summary>Makes all tables of an empty database without migrations. For tests and simulations.</summary>
    public static void CreateFromModel(Database database) => database.ExclusiveSchema(connection =>
    {
        foreach (var statement in Statements(Ddl(database.Models), database.Dialect))
            Execute(connection, statement);
        return true;
    });

    /// <summary>DDL of all tables, or of those chosen: paste it into a migration.</summary>
    public static string Ddl(ResourceModels models, Func<TableModel, bool>? choose = null)
    {
        var sql = new StringBuilder();
        var made = new HashSet<TableModel>();
        List<ReferenceModel> late = [];
        foreach (var table in InOrder(models.Tables))
        {
            made.Add(table);
            if (choose is null || choose(table))
                AppendTable(sql, table, made, late);
        }
        foreach (var reference in late)
            sql.Append($"ALTER TABLE {Sql.Quote(reference.From.Name)} ADD {Constraint(reference)}; -- only postgresql\n");
        if (models.Tables.FirstOrDefault(table => table.Type == typeof(Events.OutboxHead)) is { } head && (choose is null || choose(head)))
            sql.Append("INSERT INTO outbox_head (id, seq) VALUES (1, 0);\n");
        return sql.ToString();
    }

    /// <summary>What is referred to comes first where that is possible; the rest by name.</summary>
    internal static IReadOnlyList<TableModel> InOrder(IReadOnlyList<TableModel> tables)
    {
        List<TableModel> order = [];
        var seen = new HashSet<TableModel>();
        foreach (var table in tables)
            Visit(table);
        return order;

        void Visit(TableModel table)
        {
            if (!seen.Add(table))
                return;
            foreach (var reference in table.References)
                Visit(reference.Target);
            order.Add(table);
        }
    }

    private static void AppendTable(StringBuilder sql, TableModel table, HashSet<TableModel> made, List<ReferenceModel> late)
    {
        sql.Append($"CREATE TABLE {Sql.Quote(table.Name)} (\n");
        foreach (var column in table.Columns)
            sql.Append($"    {Sql.Quote(column.Name)} {{{Token(column.Kind)}}}{(column.Nullable ? "" : " NOT NULL")},\n");
        sql.Append($"    PRIMARY KEY ({string.Join(", ", table.Key.Select(column => Sql.Quote(column.Name)))})");
        foreach (var reference in table.References)
        {
            // In a circle of references one must come later; SQLite takes it at once but cannot add it later.
            var circular = !made.Contains(reference.Target);
            if (circular)
                late.Add(reference);
            sql.Append(circular ? $"\n    , {Constraint(reference)} -- only sqlite" : $",\n    {Constraint(reference)}");
        }
        sql.Append("\n){options};\n");
        foreach (var index in table.Indexes)
        {
            if (index.Number is not null)
                AppendNumberIndex(sql, table, index, index.Number);
            else
                sql.Append($"CREATE {(index.Unique ? "UNIQUE " : "")}INDEX {Sql.Quote(index.Name)} ON {Sql.Quote(table.Name)} ({string.Join(", ", index.Columns.Select(column => Sql.Quote(column.Name)))});\n");
        }
        sql.Append('\n');
    }

    /// <summary>The text at its end makes it answer alone: without it SQLite takes another index for a comparison with one number.</summary>
    private static void AppendNumberIndex(StringBuilder sql, TableModel table, IndexModel index, ColumnModel number)
    {
        foreach (Dialect dialect in (Dialect[])[Sqlite.SqliteDialect.Instance, Postgres.PostgresDialect.Instance])
        {
            var computed = dialect.NumberOf(Sql.Quote(number.Name));
            var columns = index.Columns.Select(column => column == number ? $"({computed})" : Sql.Quote(column.Name));
            sql.Append($"CREATE INDEX {Sql.Quote(index.Name)} ON {Sql.Quote(table.Name)} ({string.Join(", ", columns)}, {Sql.Quote(number.Name)}) WHERE ({computed}) IS NOT NULL; -- only {dialect.Name}\n");
        }
    }

    private static string Constraint(ReferenceModel reference)
    {
        var name = $"fk_{reference.From.Name}_{reference.Column.Name}";
        if (name.Length > ModelReader.LongestName)
            name = name[..ModelReader.LongestName];
        return $"CONSTRAINT {Sql.Quote(name)} FOREIGN KEY ({Sql.Quote(reference.Column.Name)}) REFERENCES {Sql.Quote(reference.Target.Name)} ({Sql.Quote(reference.Target.Key[0].Name)}) ON DELETE RESTRICT";
    }

    internal static string Token(ColumnKind kind) => kind switch
    {
        ColumnKind.Whole or ColumnKind.Time => "bigint",
        ColumnKind.Boolean => "smallint",
        ColumnKind.Real => "real",
        _ => "text",
    };

    /// <summary>Fills in tokens, keeps the lines that are meant for this database, and splits at line ends with a semicolon.</summary>
    internal static IEnumerable<string> Statements(string sql, Dialect dialect)
    {
        var statement = new StringBuilder();
        foreach (var line in sql.Split('\n'))
        {
            var text = line;
            if (OnlyMark().Match(text) is { Success: true } mark)
            {
                if (mark.Groups[1].Value != dialect.Name)
                    continue;
                text = text[..mark.Index];
            }
            if (text.TrimStart().StartsWith("--", StringComparison.Ordinal))
                continue;
            text = TokenMark().Replace(text, match => dialect.Tokens.TryGetValue(match.Groups[1].Value, out var type)
                ? type
                : throw new InvalidDataException($"unknown token {match.Value} in: {text.Trim()}")).TrimEnd();
            statement.Append(text).Append('\n');
            if (!text.EndsWith(';'))
                continue;
            yield return statement.ToString().Trim().TrimEnd(';');
            statement.Clear();
        }
        if (statement.ToString().Trim() is { Length: > 0 } rest)
            yield return rest;
    }

    internal static int Execute(DbConnection connection, string sql)
    {
        using var command = connection.CreateCommand();
        command.CommandText = sql;
        try
        {
            return command.ExecuteNonQuery();
        }
        catch (DbException error)
        {
            throw new InvalidOperationException($"{error.Message}\nin: {sql}", error);
        }
    }

    [GeneratedRegex(@"\s*-- only (sqlite|postgresql)\s*$")]
    private static partial Regex OnlyMark();

    [GeneratedRegex(@"\{([a-z]+)\}")]
    private static partial Regex TokenMark();
}
