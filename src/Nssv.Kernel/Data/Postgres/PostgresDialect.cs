using System.Data.Common;

namespace Nssv.Kernel.Data.Postgres;

internal sealed class PostgresDialect : Dialect
{
    public static readonly PostgresDialect Instance = new();

    public override string Name => "postgresql";

    public override IReadOnlyDictionary<string, string> Tokens { get; } = new Dictionary<string, string>
    {
        // Compares bytes, as SQLite does.
        ["text"] = "text COLLATE \"C\"",
        ["bigint"] = "bigint",
        ["smallint"] = "smallint",
        ["real"] = "double precision",
        // Room on each page for a row's next versions: what is changed often stays on its page, and its indexes need not be told.
        ["options"] = " WITH (fillfactor = 80)",
    };

    public override string? LockTable => "LOCK TABLE {0} IN EXCLUSIVE MODE";

    public override string JsonMember(string column, string keyParameter, bool isNumber = false)
    {
        var text = $"(({column}::json ->> {keyParameter}) COLLATE \"C\")";
        return isNumber ? $"({NumberOf(text)})" : text;
    }

    public override string NumberOf(string text) => PostgresNumber.Of(text);

    public override object List(IReadOnlyList<object> values) => values[0] switch
    {
        string => values.Cast<string>().ToArray(),
        long => values.Cast<long>().ToArray(),
        _ => values.Cast<double>().ToArray(),
    };

    public override string InList(string parameter) => $"= ANY ({parameter})";

    public override string LikeOperator => "LIKE";

    public override string LikePattern(IReadOnlyList<string> parts) =>
        string.Join('%', parts.Select(part => part.Replace("\\", "\\\\", StringComparison.Ordinal).Replace("%", "\\%", StringComparison.Ordinal).Replace("_", "\\_", StringComparison.Ordinal)));

    public override string PositionFunction => "strpos";

    public override bool KnowsItsRows => true;

    public override bool IsOverflow(DbException error) => error.SqlState == Npgsql.PostgresErrorCodes.NumericValueOutOfRange;

    public override Dictionary<string, List<string>> Describe(DbConnection connection)
    {
        const string Ours = "FROM pg_class AS t JOIN pg_namespace AS n ON n.oid = t.relnamespace AND n.nspname = current_schema()";
        var tables = SchemaCheck.Rows(connection, $"SELECT t.relname {Ours} WHERE t.relkind = 'r'")
            .ToDictionary(row => row[0], _ => new List<string>(), StringComparer.Ordinal);
        foreach (var row in SchemaCheck.Rows(connection, $"""
            SELECT t.relname, a.attname, format_type(a.atttypid, a.atttypmod), a.attnotnull, c.collname {Ours}
            JOIN pg_attribute AS a ON a.attrelid = t.oid AND a.attnum > 0 AND NOT a.attisdropped
            LEFT JOIN pg_collation AS c ON c.oid = a.attcollation
            WHERE t.relkind = 'r'
            """))
        {
            tables[row[0]].Add(SchemaCheck.Column(row[1], row[4].Length > 0 ? $"{row[2]} COLLATE \"{row[4]}\"" : row[2], row[3] == "True"));
        }
        foreach (var group in SchemaCheck.Rows(connection, $"""
            SELECT t.relname, i.relname, x.indisprimary, x.indisunique, a.attname {Ours}
            JOIN pg_index AS x ON x.indrelid = t.oid JOIN pg_class AS i ON i.oid = x.indexrelid
            CROSS JOIN LATERAL unnest(x.indkey::smallint[]) WITH ORDINALITY AS k (number, place)
            LEFT JOIN pg_attribute AS a ON a.attrelid = t.oid AND a.attnum = k.number
            WHERE t.relkind = 'r' ORDER BY t.relname, i.relname, k.place
            """).GroupBy(row => (Table: row[0], Index: row[1], Primary: row[2] == "True", Unique: row[3] == "True")))
        {
            var columns = group.Select(row => row[4]);
            tables[group.Key.Table].Add(group.Key.Primary ? SchemaCheck.Key(columns) : SchemaCheck.Index(group.Key.Index, group.Key.Unique, columns));
        }
        foreach (var row in SchemaCheck.Rows(connection, $"""
            SELECT t.relname, a.attname, r.relname, b.attname, CASE f.confdeltype WHEN 'r' THEN 'RESTRICT' ELSE f.confdeltype::text END {Ours}
            JOIN pg_constraint AS f ON f.conrelid = t.oid AND f.contype = 'f' JOIN pg_class AS r ON r.oid = f.confrelid
            JOIN pg_attribute AS a ON a.attrelid = t.oid AND a.attnum = f.conkey[1]
            JOIN pg_attribute AS b ON b.attrelid = r.oid AND b.attnum = f.confkey[1]
            """))
        {
            tables[row[0]].Add(SchemaCheck.ForeignKey(row[1], row[2], row[3], row[4]));
        }
        return tables;
    }
}
