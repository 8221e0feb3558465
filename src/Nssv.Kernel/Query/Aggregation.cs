using System.Data.Common;
using System.Text.Json;
using System.Text.RegularExpressions;
using Nssv.Kernel.Data;
using Nssv.Kernel.Model;

namespace Nssv.Kernel.Query;

/// <summary>One group of rows: the values that they share, and what was asked about them.</summary>
public sealed class ResourceGroup
{
    private readonly IReadOnlyList<(string Name, ColumnKind Kind)> _columns;
    private readonly object?[] _values;

    internal ResourceGroup(IReadOnlyList<(string, ColumnKind)> columns, object?[] values) => (_columns, _values) = (columns, values);

    /// <summary>Flat: <c>{"state": "running", "count": 3, "sum(memoryBytes)": 8589934592}</c>.</summary>
    public void Write(Utf8JsonWriter writer)
    {
        writer.WriteStartObject();
        for (var i = 0; i < _values.Length; i++)
        {
            writer.WritePropertyName(_columns[i].Name);
            ResourceView.WriteScalar(writer, _columns[i].Kind, _values[i]);
        }
        writer.WriteEndObject();
    }
}

/// <summary>Groups of rows with count, sum, min and max.</summary>
internal sealed partial class Aggregation
{
    private const int MostGroups = 1_000, MostColumns = 16;

    private readonly IReadOnlyList<SingleField> _groupBy;
    private readonly IReadOnlyList<(string Name, string Function, SingleField? Field)> _functions;

    private Aggregation(IReadOnlyList<SingleField> groupBy, IReadOnlyList<(string, string, SingleField?)> functions) => (_groupBy, _functions) = (groupBy, functions);

    /// <summary>Null when none was asked for.</summary>
    /// <exception cref="ProblemException">400 invalid-aggregate, invalid-groupBy, or a parameter that does not go with it.</exception>
    public static Aggregation? Of(ResourceModels models, TableModel table, ListQuery query)
    {
        if (query.Aggregate.Count == 0 && query.GroupBy.Count == 0)
            return null;
        foreach (var (name, isGiven) in ((string, bool)[])[("sort", !string.IsNullOrWhiteSpace(query.Sort)), ("cursor", !string.IsNullOrEmpty(query.Cursor)), ("fields", query.Fields.Count > 0), ("expand", query.Expand.Count > 0), ("limit", query.Limit is not null)])
        {
            if (isGiven)
                throw Problems.Invalid(name, $"'{name}' does not go with an aggregation: it answers groups, all at once and in the order of groupBy.", $"Leave '{name}' out.", "invalid-aggregate").AsException();
        }
        if (query.Aggregate.Count + query.GroupBy.Count > MostColumns)
            throw Problems.Invalid("aggregate", $"At most {MostColumns} fields and functions.", code: "invalid-aggregate").AsException();
        List<SingleField> groupBy = [.. query.GroupBy.Select(path => SingleField.Read(models, table, "groupBy", path)).DistinctBy(field => field.Path)];
        List<(string Name, string, SingleField?)> functions = [.. (query.Aggregate.Count == 0 ? ["count"] : query.Aggregate.Distinct()).Select(text => Function(models, table, text))];
        return new(groupBy, functions);
    }

    private static (string, string, SingleField?) Function(ResourceModels models, TableModel table, string text)
    {
        if (text == "count")
            return (text, "count", null);
        if (FunctionText().Match(text) is not { Success: true } match)
            throw Problems.Invalid("aggregate", $"'{Fields.Shown(text)}' is none of count, sum(field), min(field), max(field).", "Write: aggregate=count,sum(memoryBytes)&groupBy=state", "invalid-aggregate").AsException();
        var field = SingleField.Read(models, table, "aggregate", match.Groups[2].Value);
        var function = match.Groups[1].Value;
        return field.Column.Kind is ColumnKind.Whole or ColumnKind.Real || function != "sum" && field.Column.Kind != ColumnKind.Boolean
            ? (text, function, field)
            : throw Problems.Invalid("aggregate", $"{function} cannot be of '{field.Path}', which is {field.Column.Kind.ToString().ToLowerInvariant()}.", "Numbers have sum, min and max; texts and times min and max.", "invalid-aggregate").AsException();
    }

    /// <param name="where">Writes the conditions.</param>
    /// <exception cref="ProblemException">400 too-many-groups; 400 sum-too-large.</exception>
    public async ValueTask<IReadOnlyList<ResourceGroup>> Read(QueryReader reader, TableModel table, AccessPredicate access, Action<SqlBuilder, string> where)
    {
        var sql = new SqlBuilder();
        var root = sql.NewAlias();
        var joins = new Joins(sql, access, root);
        List<string> groups = [.. _groupBy.Select(joins.Name)];
        sql.Text("SELECT ").Text(string.Join(", ", groups.Concat(_functions.Select(function => Call(function.Function, function.Field, joins))))).Text($" FROM {Sql.Quote(table.Name)} AS {root}");
        joins.Append();
        where(sql, root);
        if (groups.Count > 0)
        {
            sql.Text(" GROUP BY ").Text(string.Join(", ", groups));
            sql.Text(" ORDER BY ").Text(string.Join(", ", groups.Zip(_groupBy, (name, field) => field.Nullable ? name + " NULLS FIRST" : name)));
        }
        sql.Text(" LIMIT ").Value(MostGroups + 1L);
        (string, ColumnKind)[] columns = [.. _groupBy.Select(field => (field.Path, field.Column.Kind)), .. _functions.Select(function => (function.Name, function.Field?.Column.Kind ?? ColumnKind.Whole))];
        try
        {
            var rows = await reader.Read(sql, row => new ResourceGroup(columns, [.. columns.Select((column, i) => ProjectedRow.Read(row, i, column.Item2))]));
            return rows.Count <= MostGroups ? rows : throw Problems.Invalid("groupBy", $"There are more than {MostGroups} groups.", "Group by something that fewer values have, or narrow the filter.", "too-many-groups").AsException();
        }
        catch (DbException error) when (reader.Dialect.IsOverflow(error))
        {
            throw new ProblemException(Problems.Invalid("aggregate", "A sum is greater than 64 bits can hold.", "Narrow the filter, or group by something.", "sum-too-large"), error);
        }
    }

    private static string Call(string function, SingleField? field, Joins joins) =>
        field is null ? "count(*)"
        : function == "sum" && field.Column.Kind == ColumnKind.Whole ? $"CAST(sum({joins.Name(field)}) AS bigint)"
        : $"{function}({joins.Name(field)})";

    [GeneratedRegex(@"^(sum|min|max)\(\s*([A-Za-z0-9_.]+)\s*\)$")]
    private static partial Regex FunctionText();
}
