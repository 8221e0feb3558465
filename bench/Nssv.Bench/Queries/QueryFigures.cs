using System.Data.Common;
using System.Diagnostics;
using System.Globalization;
using System.Text.Json;
using Microsoft.Data.Sqlite;
using Nssv.Bench.Managers;
using Nssv.Contracts.Compute;
using Nssv.Kernel.Data;
using Nssv.Kernel.Data.Postgres;
using Nssv.Kernel.Data.Sqlite;
using Nssv.Kernel.Model;
using Nssv.Kernel.Query;
using Nssv.Server.Composition;

namespace Nssv.Bench.Queries;

/// <summary>What people ask of 300,000 machines, from the filter's text to the page's JSON; baseline: the same question as hand-written SQL, read by the database's own driver.</summary>
internal sealed class QueryFigures(Options options, Figures figures, string folder)
{
    private const double PageAim = 50, CountAim = 200, LastPageAim = 1.2;
    private const int PageSize = 100;

    /// <summary>Over a reference twice, and over a collection to another one.</summary>
    private const string Joined = "host.cluster.name = cluster-{0} AND volumes.dataStorage.name = storage-{1}";

    private const string JoinedSql = """
        FROM virtual_machines v JOIN hosts h ON h.id = v.host_id JOIN clusters c ON c.id = h.cluster_id
        WHERE v.deleted_at IS NULL AND c.name = 'cluster-{0}'
        AND EXISTS (SELECT 1 FROM volumes d JOIN data_storages s ON s.id = d.data_storage_id WHERE d.virtual_machine_id = v.id AND s.name = 'storage-{1}')
        """;

    private static string LabelSql(string name, string value) =>
        $"FROM label_index l JOIN virtual_machines v ON v.id = l.resource_id WHERE l.source = 'virtual_machines.labels' AND l.name = '{name}' AND l.value = '{value}' AND v.deleted_at IS NULL";

    private readonly int _machines = options.Quick ? 50_000 : 300_000;

    /// <param name="postgres">Null: SQLite.</param>
    public async Task Measure(string name, PostgresServer? postgres)
    {
        await using Database database = postgres is null ? SqliteDatabase.Open(Path.Combine(folder, "queries.db"), DataServices.Models) : PostgresDatabase.Open(postgres.Url, DataServices.Models);
        await using DbConnection plain = postgres is null ? new SqliteConnection($"Data Source={Path.Combine(folder, "queries.db")}") : new Npgsql.NpgsqlConnection($"Host=127.0.0.1;Port={new Uri(postgres.Url).Port};Username=postgres;Database=postgres;SSL Mode=Disable");
        await plain.OpenAsync();
        var clock = Stopwatch.StartNew();
        new QuerySeed(database, plain, postgres is not null).Make(_machines);
        var rows = Text($"{_machines:#,0} machines, made in {clock.Elapsed.TotalSeconds:0} s");
        var (table, queries) = (DataServices.Models.Table<VirtualMachine>(), new Collections(database, TimeProvider.System));

        var first = await Times(number => Page(queries, table, Filter(number), "name", null));
        var byHand = await Times(number => Plain(plain, $"SELECT v.* {Sql(JoinedSql, number)} ORDER BY v.name, v.id LIMIT {PageSize + 1}"));
        figures.Add(Figure.AtMost($"first page over two joins p99, {name}", first.P99, "ms", PageAim, byHand.P99, Text($"{rows}; {PageSize} of about {_machines / QuerySeed.Clusters / QuerySeed.Storages:#,0}, by name; p50 {first.P50:0.0} ms, by hand {byHand.P50:0.0} ms")));

        var cursors = new List<string?>();
        for (var number = 0; number < 4; number++)
            cursors.Add(await LastCursor(queries, table, Filter(number)));
        // By turns, so that whatever else the machine does meets both.
        (first, var last) = await Times(number => Page(queries, table, Filter(number % cursors.Count), "name", null), number => Page(queries, table, Filter(number % cursors.Count), "name", cursors[number % cursors.Count]));
        figures.Add(Figure.AtMost($"last page over two joins, {name}", last.P50 / first.P50, "× the first", LastPageAim, note: Text($"p50 {last.P50:0.0} ms, p99 {last.P99:0.0} ms; the first of the same filters {first.P50:0.0} ms")));

        var counted = await Times(number => Count(queries, table, Filter(number)));
        byHand = await Times(number => Plain(plain, $"SELECT count(*) {Sql(JoinedSql, number)}"));
        figures.Add(Figure.AtMost($"exact count over two joins p99, {name}", counted.P99, "ms", CountAim, byHand.P99, Text($"p50 {counted.P50:0.0} ms, by hand {byHand.P50:0.0} ms")));

        foreach (var (kind, label, value) in new (string, string, Func<int, string>)[] { ("rare", "ticket", number => $"t-{number * 37 % QuerySeed.Tickets}"), ("frequent", "env", _ => "prod") })
        {
            var found = await Times(number => Page(queries, table, $"labels.{label} = {value(number)}", "name", null));
            byHand = await Times(number => Plain(plain, $"SELECT v.* {LabelSql(label, value(number))} ORDER BY v.name, v.id LIMIT {PageSize + 1}"));
            figures.Add(Figure.AtMost($"first page by a {kind} label p99, {name}", found.P99, "ms", PageAim, byHand.P99, Text($"p50 {found.P50:0.0} ms, by hand {byHand.P50:0.0} ms")));
        }
        counted = await Times(_ => Count(queries, table, "labels.env = prod"));
        byHand = await Times(_ => Plain(plain, $"SELECT count(*) {LabelSql("env", "prod")}"));
        figures.Add(Figure.AtMost($"exact count by a frequent label p99, {name}", counted.P99, "ms", CountAim, byHand.P99, Text($"p50 {counted.P50:0.0} ms, by hand {byHand.P50:0.0} ms")));
    }

    private static string Filter(int number) => Sql(Joined, number);

    private static string Sql(string text, int number) => string.Format(CultureInfo.InvariantCulture, text, number % QuerySeed.Clusters, number % QuerySeed.Storages);

    private static async Task Page(Collections queries, TableModel table, string filter, string sort, string? cursor)
    {
        var page = await queries.List(table, new() { Filter = filter, Sort = sort, Limit = PageSize, Cursor = cursor }, AccessPredicate.All);
        using var writer = new Utf8JsonWriter(Stream.Null);
        writer.WriteStartArray();
        foreach (var item in page.Items)
            ResourceView.Write(writer, table, item);
        writer.WriteEndArray();
        if (page.Items.Count == 0)
            throw new InvalidOperationException($"Nothing was found: {filter}");
    }

    /// <summary>Stands before the last hundred rows or so.</summary>
    private static async Task<string?> LastCursor(Collections queries, TableModel table, string filter)
    {
        var count = await queries.Count(table, filter, AccessPredicate.All);
        string? cursor = null;
        for (long left = count - PageSize; left > 0;)
        {
            var page = await queries.List(table, new() { Filter = filter, Sort = "name", Limit = (int)Math.Min(left, ListQuery.MostLimit), Cursor = cursor, Fields = ["id"] }, AccessPredicate.All);
            (cursor, left) = (page.NextCursor, left - page.Items.Count);
        }
        return cursor;
    }

    private static async Task Count(Collections queries, TableModel table, string filter)
    {
        if (await queries.Count(table, filter, AccessPredicate.All) == 0)
            throw new InvalidOperationException($"Nothing was found: {filter}");
    }

    private static async Task Plain(DbConnection connection, string sql)
    {
        await using var command = connection.CreateCommand();
        command.CommandText = sql;
        await using var reader = await command.ExecuteReaderAsync();
        while (await reader.ReadAsync())
        {
            for (var i = 0; i < reader.FieldCount; i++)
                _ = reader.GetValue(i);
        }
    }

    private async Task<(double P50, double P99)> Times(Func<int, Task> ask) => (await Times([ask]))[0];

    private async Task<((double P50, double P99) One, (double P50, double P99) Other)> Times(Func<int, Task> one, Func<int, Task> other) =>
        await Times([one, other]) is [var first, var second] ? (first, second) : default;

    /// <summary>How long each of them takes, one after the other, again and again.</summary>
    private async Task<List<(double P50, double P99)>> Times(IReadOnlyList<Func<int, Task>> asks)
    {
        for (var i = 0; i < 5; i++)
        {
            foreach (var ask in asks)
                await ask(i);
        }

        // The hundredth part of a hundred is one outlier: more where it takes no time.
        List<List<double>> times = [.. asks.Select(_ => new List<double>())];
        var all = Stopwatch.StartNew();
        for (var i = 0; i < (options.Quick ? 30 : 100) || !options.Quick && i < 500 && all.Elapsed < options.Window; i++)
        {
            for (var each = 0; each < asks.Count; each++)
            {
                var begun = Stopwatch.GetTimestamp();
                await asks[each](i);
                times[each].Add(Stopwatch.GetElapsedTime(begun).TotalMilliseconds);
            }
        }

        return times.ConvertAll(own =>
        {
            own.Sort();
            return (own[own.Count / 2], own[(int)Math.Ceiling(own.Count * 0.99) - 1]);
        });
    }

    private static string Text(FormattableString text) => text.ToString(CultureInfo.InvariantCulture);
}
