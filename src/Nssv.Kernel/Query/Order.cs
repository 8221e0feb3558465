using Nssv.Kernel.Data;
using Nssv.Kernel.Model;

namespace Nssv.Kernel.Query;

/// <summary>A total order of rows: fields of their own or of what they refer to, then the id. What is null comes before everything else, on every database.</summary>
internal sealed class Order
{
    private const int MostFields = 8;

    private readonly IReadOnlyList<(SingleField Field, bool Descending)> _keys;

    private Order(IReadOnlyList<(SingleField, bool)> keys) => _keys = keys;

    public IEnumerable<SingleField> Keys => _keys.Select(key => key.Field);

    public static Order Parse(ResourceModels models, TableModel table, string? sort)
    {
        List<(SingleField Field, bool Descending)> keys = [];
        foreach (var part in string.IsNullOrWhiteSpace(sort) ? [] : sort.Split(','))
        {
            var (name, direction) = part.Split(' ', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries) switch
            {
                [var only] => (only, "asc"),
                [var field, "asc" or "desc"] words => (field, words[1]),
                _ => throw Problems.Invalid("sort", $"'{Fields.Shown(part.Trim())}' is no order.", "Write: createdAt desc, name", "invalid-sort").AsException(),
            };
            var key = SingleField.Read(models, table, "sort", name);
            if (keys.Exists(known => known.Field.Path == key.Path))
                throw Problems.Invalid("sort", $"'{name}' is there twice.", code: "invalid-sort").AsException();
            if (keys.Count == MostFields)
                throw Problems.Invalid("sort", $"At most {MostFields} fields.", code: "invalid-sort").AsException();
            keys.Add((key, direction == "desc"));
        }
        foreach (var column in table.Key)
        {
            if (!keys.Exists(key => key.Field.Path == column.JsonName))
                keys.Add((SingleField.Own(column), false));
        }
        return new(keys);
    }

    public void AppendOrderBy(SqlBuilder sql, Joins joins) => sql.Text(" ORDER BY ").Text(string.Join(", ", _keys.Select(key =>
        joins.Name(key.Field) + (key.Descending ? " DESC" : "") + (key.Field.Nullable ? key.Descending ? " NULLS LAST" : " NULLS FIRST" : ""))));

    /// <summary>Only rows after these values: for each key, equal in all before it and later in it.</summary>
    public void AppendAfter(SqlBuilder sql, Joins joins, IReadOnlyList<object> values)
    {
        sql.And();
        AppendAfter(sql, joins, values, 0);
    }

    private void AppendAfter(SqlBuilder sql, Joins joins, IReadOnlyList<object> values, int at)
    {
        var ((field, descending), value) = (_keys[at], values[at]);
        var name = joins.Name(field);
        if (at == _keys.Count - 1)
        {
            AppendLater(sql, name, field.Nullable, descending, value);
            return;
        }
        // Without an OR around it, an index on the field is used and rows are estimated by it.
        if (!field.Nullable)
            sql.Text($"({name} {(descending ? "<=" : ">=")} ").Value(value).Text($" AND ({name} <> ").Value(value);
        else
        {
            sql.Text("(");
            AppendLater(sql, name, field.Nullable, descending, value);
            if (value is SqlNull)
                sql.Text($" OR ({name} IS NULL");
            else
                sql.Text($" OR ({name} = ").Value(value);
        }
        sql.Text(field.Nullable ? " AND " : " OR ");
        AppendAfter(sql, joins, values, at + 1);
        sql.Text("))");
    }

    private static void AppendLater(SqlBuilder sql, string name, bool nullable, bool descending, object value)
    {
        if (value is SqlNull)
            sql.Text(descending ? "1 = 0" : $"{name} IS NOT NULL");
        else if (!descending)
            sql.Text($"{name} > ").Value(value);
        else if (!nullable)
            sql.Text($"{name} < ").Value(value);
        else
            sql.Text($"({name} < ").Value(value).Text($" OR {name} IS NULL)");
    }
}
