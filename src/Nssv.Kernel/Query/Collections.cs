using System.Data.Common;
using Nssv.Kernel.Data;
using Nssv.Kernel.Model;
using Nssv.Kernel.Tags;

namespace Nssv.Kernel.Query;

/// <summary>List, get and count of any resource (or other table, such as events), from its declaration alone.</summary>
/// <param name="wasTag">Whether somebody has ever declared a tag of this name; a filter with one that nobody has is refused. Null: filters may name any.</param>
public sealed class Collections(Database database, TimeProvider time, QueryLimits? limits = null, TagCatalog? tags = null, Func<string, ValueTask<bool>>? wasTag = null)
{
    private readonly QueryLimits _limits = limits ?? new();

    public ResourceModels Models => database.Models;

    /// <summary>What filters know of system tags.</summary>
    public TagCatalog Tags { get; } = tags ?? TagCatalog.None;

    /// <exception cref="ProblemException">404: there is no such collection.</exception>
    public TableModel Table(string collection) => Models.TryCollection(collection, out var table) ? table
        : throw new Problem(404, "not-found", "There is no such resource.", $"There is no collection '{collection}'.", "Collections: " + string.Join(", ", Models.Resources.Select(known => known.Collection)) + ".").AsException();

    /// <summary>Rows are records of the table's type, unless fields or expand were asked for; <see cref="ResourceView"/> writes both.</summary>
    /// <exception cref="ProblemException">400: the query is wrong, too expensive or too slow.</exception>
    public async ValueTask<Page<object>> List(TableModel table, ListQuery query, AccessPredicate access, CancellationToken cancellation = default)
    {
        var limit = query.Limit ?? ListQuery.DefaultLimit;
        if (limit is < 0 or > ListQuery.MostLimit)
            throw Problems.Invalid("limit", $"{limit} is not between 0 and {ListQuery.MostLimit}.").AsException();
        var filter = await Filter(table, query.Filter);
        var reader = Reader(cancellation);
        var order = Order.Parse(Models, table, query.Sort);
        if (Aggregation.Of(Models, table, query) is { } aggregation)
        {
            var met = await Plan(reader, table, query, filter, order, access);
            var where = Where(table, query, met.Filter, access, met.Count);
            return new([], null, query.Count ? await Count(reader, table, where) : null) { Groups = await aggregation.Read(reader, table, access, where) };
        }
        var selection = Selection.Of(Models, table, query);
        var after = string.IsNullOrEmpty(query.Cursor) ? null : Cursor.Read(table, query, order);
        var plan = await Plan(reader, table, query, filter, order, access);
        var rows = limit == 0 ? [] : await Rows(reader, table, selection, order, after, limit + 1, access, Where(table, query, plan.Filter, access, plan.Page));
        string? next = null;
        if (rows.Count > limit && limit > 0)
        {
            rows.RemoveAt(limit);
            next = Cursor.Write(table, query, order.Keys.Zip(rows[^1].Keys, (key, value) => value ?? SqlNull.Of(key.Column.Kind)));
        }
        List<object> items = [.. rows.Select(row => row.Row)];
        if (selection is not null)
            await new Expansion(reader, access, _limits.MostExpanded).Fill(selection, [.. items.Cast<ProjectedRow>()]);
        return new(items, next, query.Count ? await Count(reader, table, Where(table, query, plan.Filter, access, plan.Count)) : null);
    }

    /// <summary>The same with the type known.</summary>
    public async ValueTask<Page<T>> List<T>(ListQuery query, AccessPredicate access) where T : class
    {
        var page = await List(Models.Table<T>(), query, access);
        return new([.. page.Items.Cast<T>()], page.NextCursor, page.Count);
    }

    /// <summary>The same query as a watcher's.</summary>
    /// <exception cref="ProblemException">400, as a list's.</exception>
    public async ValueTask<WatchQuery> Watched(TableModel table, ListQuery query)
    {
        await Filter(table, query.Filter);
        return WatchQuery.Read(Models, Tags, table, query, time.GetUtcNow());
    }

    private async ValueTask<FilterNode?> Filter(TableModel table, string? text)
    {
        var filter = FilterBinder.Read(Models, Tags, table, text, time.GetUtcNow(), out var undeclared);
        foreach (var tag in undeclared)
        {
            if (wasTag is not null && !await wasTag(tag.Name))
                throw tag.Refusal(Tags);
        }
        return filter;
    }

    public async ValueTask<long> Count(TableModel table, string? filter, AccessPredicate access) =>
        (await List(table, new() { Filter = filter, Limit = 0, Count = true }, access)).Count!.Value;

    /// <summary>As <see cref="List(TableModel, ListQuery, AccessPredicate, CancellationToken)"/>, of one row; only fields and expand of the query count.</summary>
    /// <exception cref="ProblemException">404: it is not there, or the caller may not see it.</exception>
    public async ValueTask<object> Get(TableModel table, Id id, AccessPredicate access, ListQuery? query = null, CancellationToken cancellation = default)
    {
        if (query is null or { Fields.Count: 0, Expand.Count: 0 })
        {
            // The most frequent question of all needs no plan.
            var sql = new SqlBuilder();
            sql.Text($"SELECT {table.SelectList()} FROM {Sql.Quote(table.Name)} AS r").And().Text($"r.{SqlBuilder.Name(table.Key[0])} = ").Value(id.ToString());
            access.Append(sql, table, "r");
            return await database.Read(sql.ToString(), sql.Arguments, table.Codec.ReadObject) is [var found] ? found : throw Problems.NotFound(table.Singular, id.ToString()).AsException();
        }

        var page = await List(table, new() { Ids = [id], Limit = 1, Fields = query?.Fields ?? [], Expand = query?.Expand ?? [] }, access, cancellation);
        return page.Items is [var row] ? row : throw Problems.NotFound(table.Singular, id.ToString()).AsException();
    }

    /// <summary>Those of these rows that are there now and not in the recycle bin, whoever may see them.</summary>
    public async ValueTask<IReadOnlyList<object>> Current(TableModel table, IReadOnlyCollection<Id> ids)
    {
        var sql = new SqlBuilder();
        sql.Text($"SELECT {table.SelectList()} FROM {Sql.Quote(table.Name)}");
        sql.And().Text($"{SqlBuilder.Name(table.Key[0])} {database.Dialect.InList(sql.Parameter(database.Dialect.List([.. ids.Select(id => id.ToString())])))}");
        RecycledRows.Hide(sql, table);
        return await database.Read(sql.ToString(), sql.Arguments, table.Codec.ReadObject);
    }

    /// <summary>Those of these rows that a query meets and the caller may see, as it shows them; at most <see cref="ListQuery.MostLimit"/> ids.</summary>
    /// <exception cref="ProblemException">400: the query is too slow.</exception>
    public async ValueTask<IReadOnlyDictionary<Id, object>> Pick(TableModel table, ListQuery query, IReadOnlyList<Id> ids, AccessPredicate access, CancellationToken cancellation = default)
    {
        var page = await List(table, new() { Filter = query.Filter, Fields = query.Fields, Expand = query.Expand, Ids = ids, Limit = ids.Count }, access, cancellation);
        return page.Items.ToDictionary(row => ResourceView.IdOf(table, row));
    }

    private QueryReader Reader(CancellationToken cancellation) => new(database, new(_limits.Longest, time, cancellation));

    /// <summary>How the filter is put to this database. Of rows that are given by their ids there are few: nothing is read beforehand.</summary>
    private async ValueTask<(FilterNode? Filter, FilterPlan Page, FilterPlan Count)> Plan(QueryReader reader, TableModel table, ListQuery query, FilterNode? filter, Order order, AccessPredicate access)
    {
        if (filter is not null && query.Ids is null && database.Dialect.KnowsItsRows)
            filter = await new ShortLists(reader, access, _limits).Put(filter);
        var (page, count) = await new FilterPlanner(reader, access, _limits).Plan(table, filter, order);
        return (filter, page, count);
    }

    /// <summary>Writes the conditions of a query on the table with a given alias, from behind its joins on.</summary>
    private Action<SqlBuilder, string> Where(TableModel table, ListQuery query, FilterNode? filter, AccessPredicate access, FilterPlan plan) =>
        (sql, alias) =>
        {
            if (plan.Joined is { } joined)
                new LabelSql(sql, database.Dialect).AppendJoin(joined, alias);
            if (query.Ids is [var one])
                sql.And().Text($"{alias}.{SqlBuilder.Name(table.Key[0])} = ").Value(one.ToString());
            else if (query.Ids is { Count: 0 })
                sql.And().Text("1 = 0");
            else if (query.Ids is { } ids)
                sql.And().Text($"{alias}.{SqlBuilder.Name(table.Key[0])} {database.Dialect.InList(sql.Parameter(database.Dialect.List([.. ids.Select(id => id.ToString())])))}");
            else
                RecycledRows.Hide(sql, table, alias);
            if (filter is not null)
            {
                sql.And();
                new FilterSql(sql, database.Dialect, access, plan).Append(filter, alias);
            }
            access.Append(sql, table, alias);
        };

    /// <summary>The rows of a page, each with the values that it is sorted by.</summary>
    private static async ValueTask<List<(object Row, object?[] Keys)>> Rows(
        QueryReader reader, TableModel table, Selection? selection, Order order, IReadOnlyList<object>? after, int limit, AccessPredicate access, Action<SqlBuilder, string> where)
    {
        var sql = new SqlBuilder();
        var root = sql.NewAlias();
        var joins = new Joins(sql, access, root);
        List<SingleField> keys = [.. order.Keys];
        var columns = selection?.Read ?? table.Columns;
        sql.Text("SELECT ").Text(string.Join(", ", columns.Select(column => $"{root}.{SqlBuilder.Name(column)}").Concat(keys.Select(joins.Name)))).Text($" FROM {Sql.Quote(table.Name)} AS {root}");
        joins.Append();
        where(sql, root);
        if (after is not null)
            order.AppendAfter(sql, joins, after);
        order.AppendOrderBy(sql, joins);
        sql.Text(" LIMIT ").Value((long)limit);
        return await reader.Read(sql, row => (selection is null ? table.Codec.ReadObject(row) : selection.RowOf(row), keys.Select((key, i) => ProjectedRow.Read(row, columns.Count + i, key.Column.Kind)).ToArray()));
    }

    private static async ValueTask<long> Count(QueryReader reader, TableModel table, Action<SqlBuilder, string> where)
    {
        var sql = new SqlBuilder();
        var root = sql.NewAlias();
        sql.Text($"SELECT count(*) FROM {Sql.Quote(table.Name)} AS {root}");
        where(sql, root);
        return (await reader.Read(sql, row => row.GetInt64(0)))[0];
    }
}
