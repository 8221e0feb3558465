using System.Data.Common;

namespace Nssv.Kernel.Data.Sqlite;

internal sealed class SqliteDialect : Dialect
{
    public static readonly SqliteDialect Instance = new();

    public override string Name => "sqlite";

    public override IReadOnlyDictionary<string, string> Tokens { get; } = new Dictionary<string, string>
    {
        ["text"] = "TEXT",
        ["bigint"] = "INTEGER",
        ["smallint"] = "INTEGER",
        ["real"] = "REAL",
        // Refuses values of another type, as PostgreSQL does.
        ["options"] = " STRICT",
    };

    public override string? LockTable => null;

    public override string JsonMember(string column, string keyParameter, bool isNumber = false) =>
        $"(SELECT {(isNumber ? NumberOf("j.value") : "j.value")} FROM json_each({column}) AS j WHERE j.key = {keyParameter})";

    public override string NumberOf(string text) => SqliteNumber.Of(text);

    public override object List(IReadOnlyList<object> values) => System.Text.Json.JsonSerializer.Serialize(values, KernelJson.Options);

    public override string InList(string parameter) => $"IN (SELECT value FROM json_each({parameter}))";

    public override string LikeOperator => "GLOB";

    public override string LikePattern(IReadOnlyList<string> parts) =>
        string.Join('*', parts.Select(part => part.Replace("[", "[[]", StringComparison.Ordinal).Replace("*", "[*]", StringComparison.Ordinal).Replace("?", "[?]", StringComparison.Ordinal)));

    public override string PositionFunction => "instr";

    public override bool KnowsItsRows => false;

    public override bool IsOverflow(DbException error) => error.Message.Contains("integer overflow", StringComparison.Ordinal);

    public override Dictionary<string, List<string>> Describe(DbConnection connection)
    {
        Dictionary<string, List<string>> tables = new(StringComparer.Ordinal);
        foreach (var name in SchemaCheck.Rows(connection, "SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite\\_%' ESCAPE '\\'").ConvertAll(row => row[0]))
        {
            var columns = SchemaCheck.Rows(connection, $"SELECT name, type, \"notnull\", pk FROM pragma_table_info('{name}')");
            var lines = columns.ConvertAll(row => SchemaCheck.Column(row[0], row[1], row[2] != "0"));
            lines.Add(SchemaCheck.Key(columns.Where(row => row[3] != "0").OrderBy(row => row[3], StringComparer.Ordinal).Select(row => row[0])));
            lines.AddRange(SchemaCheck.Rows(connection, $"SELECT \"from\", \"table\", \"to\", on_delete FROM pragma_foreign_key_list('{name}')")
                .Select(row => SchemaCheck.ForeignKey(row[0], row[1], row[2], row[3])));
            foreach (var index in SchemaCheck.Rows(connection, $"SELECT name, \"unique\" FROM pragma_index_list('{name}') WHERE origin <> 'pk'"))
                lines.Add(SchemaCheck.Index(index[0], index[1] != "0", SchemaCheck.Rows(connection, $"SELECT name FROM pragma_index_info('{index[0]}') ORDER BY seqno").Select(row => row[0])));
            tables.Add(name, lines);
        }
        return tables;
    }
}
