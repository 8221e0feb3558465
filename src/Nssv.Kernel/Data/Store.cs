using System.Data.Common;
using System.Text;
using Nssv.Kernel.Model;

namespace Nssv.Kernel.Data;

/// <summary>Reads whole records of declared types, on either database.</summary>
public sealed class Store(Database database) : IStore
{
    private readonly System.Collections.Concurrent.ConcurrentDictionary<Type, string> _find = new();

    public ResourceModels Models => database.Models;

    public async ValueTask<T?> Find<T>(Id id) where T : class
    {
        var table = Models.Table<T>();
        if (!_find.TryGetValue(typeof(T), out var sql))
        {
            if (table.Key is not [{ Kind: ColumnKind.Id }])
                throw new ArgumentException($"{typeof(T).Name} has no id as its key");
            sql = _find.GetOrAdd(typeof(T), $"SELECT {table.SelectList()} FROM {Sql.Quote(table.Name)} WHERE {Sql.Quote(table.Key[0].Name)} = @p0");
        }
        var rows = await database.Read(sql, [id.ToString()], table.CodecOf<T>().Read);
        return rows.Count == 0 ? null : rows[0];
    }

    public async ValueTask<T> Get<T>(Id id) where T : class =>
        await Find<T>(id) ?? throw Problems.NotFound(Models.Table<T>().Singular, id.ToString()).AsException();

    public ValueTask<IReadOnlyList<T>> List<T>(params ReadOnlySpan<Condition> conditions) where T : class => Rows<T>(conditions, "");

    public ValueTask<T?> First<T>(params ReadOnlySpan<Condition> conditions) where T : class
    {
        return Pick(Rows<T>(conditions, " LIMIT 1"));

        static async ValueTask<T?> Pick(ValueTask<IReadOnlyList<T>> rows) => (await rows) is [var first, ..] ? first : null;
    }

    public ValueTask<long> Count<T>(params ReadOnlySpan<Condition> conditions) where T : class
    {
        var table = Models.Table<T>();
        var sql = new StringBuilder("SELECT count(*) FROM ").Append(Sql.Quote(table.Name));
        var values = Where(table, conditions, sql);
        return Pick(database.Read(sql.ToString(), values, reader => reader.GetInt64(0)));

        static async ValueTask<long> Pick(ValueTask<List<long>> rows) => (await rows)[0];
    }

    public async ValueTask<IReadOnlyList<T>> Select<T>(string sql, IReadOnlyList<object?> parameters, Func<DbDataReader, T> map)
    {
        var values = new object[parameters.Count];
        for (var i = 0; i < values.Length; i++)
        {
            if (parameters[i] is not IReadOnlyCollection<Id> ids)
            {
                values[i] = Sql.Encode(parameters[i]);
                continue;
            }
            values[i] = database.Dialect.List([.. ids.Select(id => id.ToString())]);
            sql = sql.Replace($"{{in{i}}}", database.Dialect.InList($"@p{i}"), StringComparison.Ordinal);
        }
        return await database.Read(sql, values, map);
    }

    private ValueTask<IReadOnlyList<T>> Rows<T>(ReadOnlySpan<Condition> conditions, string limit) where T : class
    {
        var table = Models.Table<T>();
        var sql = new StringBuilder("SELECT ").Append(table.SelectList()).Append(" FROM ").Append(Sql.Quote(table.Name));
        var values = Where(table, conditions, sql);
        sql.Append(" ORDER BY ").AppendJoin(", ", table.Key.Select(column => Sql.Quote(column.Name))).Append(limit);
        return Pick(database.Read(sql.ToString(), values, table.CodecOf<T>().Read));

        static async ValueTask<IReadOnlyList<T>> Pick(ValueTask<List<T>> rows) => await rows;
    }

    /// <summary>Comparisons mean what they mean in C#: what is null equals null only, and differs from every value.</summary>
    internal static object[] Where(TableModel table, ReadOnlySpan<Condition> conditions, StringBuilder sql)
    {
        List<object> values = [];
        for (var i = 0; i < conditions.Length; i++)
        {
            var (property, comparison, value) = conditions[i];
            var column = table.Column(property);
            var name = Sql.Quote(column.Name);
            sql.Append(i == 0 ? " WHERE " : " AND ");
            if (comparison == Comparison.In)
            {
                AppendIn(sql, name, column, (System.Collections.IEnumerable)value!, values);
                continue;
            }
            if (value is null)
            {
                sql.Append(name).Append(comparison switch
                {
                    Comparison.Equal => " IS NULL",
                    Comparison.NotEqual => " IS NOT NULL",
                    _ => throw new ArgumentException($"{column} cannot be compared by {comparison} with null"),
                });
                continue;
            }
            var test = $"{name} {Operator(comparison)} @p{values.Count}";
            sql.Append(comparison == Comparison.NotEqual && column.Nullable ? $"({test} OR {name} IS NULL)" : test);
            values.Add(Sql.Encode(value, column));
        }
        return [.. values];
    }

    /// <summary>Lists are filled up to a power of two with their last value, so that there are few shapes of statements to prepare.</summary>
    private static void AppendIn(StringBuilder sql, string name, ColumnModel column, System.Collections.IEnumerable items, List<object> values)
    {
        var first = values.Count;
        foreach (var item in items)
            values.Add(Sql.Encode(item ?? throw new ArgumentException($"{column}: null in a list"), column));
        var count = values.Count - first;
        if (count == 0)
        {
            sql.Append("1 = 0");
            return;
        }
        if (count > 16_384)
            throw new ArgumentException($"{column}: {count} values are too many for one list");
        while (!System.Numerics.BitOperations.IsPow2(values.Count - first))
            values.Add(values[^1]);
        sql.Append(name).Append(" IN (").AppendJoin(", ", Enumerable.Range(first, values.Count - first).Select(i => $"@p{i}")).Append(')');
    }

    internal static string Operator(Comparison comparison) => comparison switch
    {
        Comparison.Equal => "=",
        Comparison.NotEqual => "<>",
        Comparison.Less => "<",
        Comparison.LessOrEqual => "<=",
        Comparison.Greater => ">",
        Comparison.GreaterOrEqual => ">=",
        _ => throw new ArgumentException($"{comparison}"),
    };
}
