using Nssv.Kernel.Data;
using Nssv.Kernel.Model;

namespace Nssv.Kernel.Query;

/// <summary>A total order of rows: own fields, then the id. What is null comes before everything else, on every database.</summary>
internal sealed class Order
{
    private const int MostFields = 8;

    private readonly IReadOnlyList<(ColumnModel Column, bool Descending)> _keys;

    private Order(IReadOnlyList<(ColumnModel, bool)> keys) => _keys = keys;

    public IEnumerable<ColumnModel> Columns => _keys.Select(key => key.Column);

    public static Order Parse(TableModel table, string? sort)
    {
        List<(ColumnModel Column, bool Descending)> keys = [];
        foreach (var part in string.IsNullOrWhiteSpace(sort) ? [] : sort.Split(','))
        {
            var (name, direction) = part.Split(' ', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries) switch
            {
                [var only] => (only, "asc"),
                [var field, "asc" or "desc"] words => (field, words[1]),
                _ => throw Problems.Invalid("sort", $"'{part.Trim()}' is no order.", "Write: createdAt desc, name", "invalid-sort").AsException(),
            };
            if (!table.TryField(name, out var column) || !column.Public || column.Kind == ColumnKind.Json)
                throw Fields.Unknown("sort", $"{table.PublicName} cannot be sorted by '{name}'.", name, Fields.Sortable(table));
            if (keys.Exists(key => key.Column == column))
                throw Problems.Invalid("sort", $"'{name}' is there twice.", code: "invalid-sort").AsException();
            if (keys.Count == MostFields)
                throw Problems.Invalid("sort", $"At most {MostFields} fields.", code: "invalid-sort").AsException();
            keys.Add((column, direction == "desc"));
        }
        foreach (var column in table.Key)
        {
            if (!keys.Exists(key => key.Column == column))
                keys.Add((column, false));
        }
        return new(keys);
    }

    public void AppendOrderBy(SqlBuilder sql) => sql.Text(" ORDER BY ").Text(string.Join(", ", _keys.Select(key =>
        SqlBuilder.Name(key.Column) + (key.Descending ? " DESC" : "") + (key.Column.Nullable ? key.Descending ? " NULLS LAST" : " NULLS FIRST" : ""))));

    /// <summary>Only rows after these values: for each key, equal in all before it and later in it.</summary>
    public void AppendAfter(SqlBuilder sql, IReadOnlyList<object> values)
    {
        var (first, descending) = _keys[0];
        // Said twice, so that an index on the first field is used.
        if (!first.Nullable)
            sql.And().Text($"{SqlBuilder.Name(first)} {(descending ? "<=" : ">=")} ").Value(values[0]);
        sql.And().Text("(");
        for (var last = 0; last < _keys.Count; last++)
        {
            sql.Text(last == 0 ? "(" : " OR (");
            for (var i = 0; i < last; i++)
            {
                var same = SqlBuilder.Name(_keys[i].Column);
                if (values[i] is SqlNull)
                    sql.Text($"{same} IS NULL AND ");
                else
                    sql.Text($"{same} = ").Value(values[i]).Text(" AND ");
            }
            AppendLater(sql, _keys[last], values[last]);
            sql.Text(")");
        }
        sql.Text(")");
    }

    private static void AppendLater(SqlBuilder sql, (ColumnModel Column, bool Descending) key, object value)
    {
        var name = SqlBuilder.Name(key.Column);
        if (value is SqlNull)
            sql.Text(key.Descending ? "1 = 0" : $"{name} IS NOT NULL");
        else if (!key.Descending)
            sql.Text($"{name} > ").Value(value);
        else if (!key.Column.Nullable)
            sql.Text($"{name} < ").Value(value);
        else
            sql.Text($"({name} < ").Value(value).Text($" OR {name} IS NULL)");
    }
}
