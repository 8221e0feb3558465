using Nssv.Kernel.Data;
using Nssv.Kernel.Model;

namespace Nssv.Kernel.Query;

/// <summary>List, get and count of any resource (or other table, such as events), from its declaration alone.</summary>
public sealed class Collections(Database database)
{
    public ResourceModels Models => database.Models;

    /// <exception cref="ProblemException">404: there is no such collection.</exception>
    public TableModel Table(string collection) => Models.TryCollection(collection, out var table) ? table
        : throw new Problem(404, "not-found", "There is no such resource.", $"There is no collection '{collection}'.", "Collections: " + string.Join(", ", Models.Resources.Select(known => known.Collection)) + ".").AsException();

    /// <exception cref="ProblemException">400: filter, sort, limit or cursor is wrong.</exception>
    public async ValueTask<Page<object>> List(TableModel table, ListQuery query, AccessPredicate access)
    {
        var limit = query.Limit ?? ListQuery.DefaultLimit;
        if (limit is < 0 or > ListQuery.MostLimit)
            throw Problems.Invalid("limit", $"{limit} is not between 0 and {ListQuery.MostLimit}.").AsException();
        var terms = Filter.Parse(table, query.Filter);
        var order = Order.Parse(table, query.Sort);
        var after = string.IsNullOrEmpty(query.Cursor) ? null : Cursor.Read(table, query, order);

        List<object> rows = [];
        if (limit > 0)
        {
            var sql = new SqlBuilder().Text($"SELECT {table.SelectList()} FROM {Sql.Quote(table.Name)}");
            Filter.Append(sql, terms, database.Dialect);
            access.Append(sql, table);
            RecycledRows.Hide(sql, table);
            if (after is not null)
                order.AppendAfter(sql, after);
            order.AppendOrderBy(sql);
            sql.Text(" LIMIT ").Value(limit + 1L);
            rows = await database.Read(sql.ToString(), sql.Arguments, table.Codec.ReadObject);
        }
        string? next = null;
        if (rows.Count > limit)
        {
            rows.RemoveAt(limit);
            var last = table.Codec.Raw(rows[^1]);
            next = Cursor.Write(table, query, order.Columns.Select(column => RowCodec.Encode(column, last[column.Ordinal])));
        }
        return new(rows, limit == 0 ? null : next, query.Count ? await Count(table, terms, access) : null);
    }

    /// <summary>The same with the type known.</summary>
    public async ValueTask<Page<T>> List<T>(ListQuery query, AccessPredicate access) where T : class
    {
        var page = await List(Models.Table<T>(), query, access);
        return new([.. page.Items.Cast<T>()], page.NextCursor, page.Count);
    }

    public ValueTask<long> Count(TableModel table, string? filter, AccessPredicate access) => Count(table, Filter.Parse(table, filter), access);

    /// <exception cref="ProblemException">404: it is not there, or the caller may not see it.</exception>
    public async ValueTask<object> Get(TableModel table, Id id, AccessPredicate access)
    {
        var sql = new SqlBuilder().Text($"SELECT {table.SelectList()} FROM {Sql.Quote(table.Name)}");
        sql.And().Text($"{SqlBuilder.Name(table.Key[0])} = ").Value(id.ToString());
        access.Append(sql, table);
        return await database.Read(sql.ToString(), sql.Arguments, table.Codec.ReadObject) is [var row]
            ? row
            : throw Problems.NotFound(table.Singular, id.ToString()).AsException();
    }

    private async ValueTask<long> Count(TableModel table, IReadOnlyList<FilterTerm> terms, AccessPredicate access)
    {
        var sql = new SqlBuilder().Text($"SELECT count(*) FROM {Sql.Quote(table.Name)}");
        Filter.Append(sql, terms, database.Dialect);
        access.Append(sql, table);
        RecycledRows.Hide(sql, table);
        return (await database.Read(sql.ToString(), sql.Arguments, reader => reader.GetInt64(0)))[0];
    }
}
