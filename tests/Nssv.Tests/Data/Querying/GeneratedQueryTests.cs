using System.Text.Json;
using System.Text.Json.Nodes;
using Nssv.Kernel;
using Nssv.Kernel.Data;
using Nssv.Kernel.Query;
using Shouldly;
using Xunit;

namespace Nssv.Tests.Data.Querying;

/// <summary>Whatever is asked of whatever data: both databases answer what a naive evaluation in memory does.</summary>
public abstract class GeneratedQueryTests : DatabaseTest
{
    protected override bool WithSchema => false;

    private Database _database = null!;

    private Collections Queries => new(_database, TimeProvider.System, _limits, World.Tags);

    /// <summary>Small enough that joins of a few rows are planned like those of thousands.</summary>
    private QueryLimits _limits = new();

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    [InlineData(4)]
    public async Task Queries_answer_what_a_naive_evaluation_does(int seed)
    {
        var chance = new Random(seed);
        var world = await Make(chance);
        var conditions = new Conditions(chance, world);
        var met = 0;
        for (var i = 0; i < 250; i++)
        {
            var type = World.Models.Resources.Where(table => world.Rows.ContainsKey(table.Type)).ElementAt(chance.Next(4)).Type;
            var condition = conditions.Make(type, 4);
            var (access, sees) = Access(chance);
            _limits = new() { LongestList = chance.Next(8), MostSorted = chance.Next(8), MostCounted = chance.Next(8, 30), MostListed = chance.Next(8), SmallTable = chance.Next(4, 30) };
            var expected = world.Rows[type].Where(row => sees(new(row)) && condition.Holds(world, sees, new(row))).ToList();
            met += expected.Count > 0 && expected.Count < world.Rows[type].Count ? 1 : 0;
            await Answers(chance, world, type, condition.Text, access, sees, expected, $"seed {seed}, query {i}: {condition.Text}");
        }
        met.ShouldBeGreaterThan(70, "most queries meet some rows and not all");
    }

    /// <summary>Rows as they came back from the database: what is decided of a row in memory is what the database decides.</summary>
    [Theory]
    [InlineData(11)]
    [InlineData(12)]
    public async Task A_row_in_memory_meets_a_filter_when_the_database_says_so(int seed)
    {
        var chance = new Random(seed);
        var world = await Make(chance);
        var conditions = new Conditions(chance, world);
        var alone = 0;
        for (var i = 0; i < 400; i++)
        {
            var table = World.Models.Resources.Where(table => world.Rows.ContainsKey(table.Type)).ElementAt(chance.Next(4));
            var filter = conditions.Make(table.Type, 3).Text;
            var watched = WatchQuery.Read(World.Models, World.Tags, table, new() { Filter = filter, Fields = ["name", "labels"] }, DateTimeOffset.UnixEpoch);
            if (!watched.FiltersAlone)
                continue;
            alone++;
            var rows = await Queries.Current(table, [.. world.Rows[table.Type].Select(row => row.Id)]);
            var found = await Queries.List(table, new() { Filter = filter, Limit = 1000, Fields = ["name", "labels"] }, AccessPredicate.All);
            var met = rows.Where(watched.Holds).OrderBy(row => ResourceView.IdOf(table, row).ToString(), StringComparer.Ordinal).ToList();
            met.Select(row => ResourceView.IdOf(table, row)).ShouldBe(found.Items.Select(row => ResourceView.IdOf(table, row)), $"seed {seed}, query {i}: {filter}");
            met.Select(row => Json(table, watched.Shown(row)).ToJsonString()).ShouldBe(found.Items.Select(row => Json(table, row).ToJsonString()), "what is shown is the same too");
        }
        alone.ShouldBeGreaterThan(100);
    }

    private async Task Answers(Random chance, World world, Type type, string filter, AccessPredicate access, Func<NamedRow, bool> sees, List<Nssv.Kernel.Model.NamedResource> expected, string what)
    {
        var table = World.Models.Table(type);
        var sort = Sort(chance, type);
        var ids = chance.Next(4) == 0 ? world.Rows[type].Where(_ => chance.Next(2) == 0).Select(row => row.Id).ToList() : null;
        if (ids is not null)
            expected = [.. expected.Where(row => ids.Contains(row.Id))];
        var ordered = expected.OrderBy(_ => 0);
        foreach (var (path, descending) in sort)
        {
            var comparer = Comparer<object?>.Create((a, b) => (a, b) switch { (null, null) => 0, (null, _) => -1, (_, null) => 1, _ => Conditions.Compare(a, b) });
            ordered = descending ? ordered.ThenByDescending(row => Value(world, sees, new(row), path), comparer) : ordered.ThenBy(row => Value(world, sees, new(row), path), comparer);
        }
        List<Id> found = [];
        string? cursor = null;
        var size = chance.Next(1, 30);
        do
        {
            var page = await Queries.List(table, new() { Filter = filter, Sort = string.Join(", ", sort.Select(key => key.Path + (key.Descending ? " desc" : ""))), Limit = size, Cursor = cursor, Count = true, Ids = ids, Fields = ["id"] }, access);
            page.Count.ShouldBe(expected.Count, what);
            found.AddRange(page.Items.Select(item => Id.Parse(Json(table, item)["id"]!.GetValue<string>())));
            cursor = page.NextCursor;
        }
        while (cursor is not null);
        found.ShouldBe(ordered.ThenBy(row => row.Id.ToString(), StringComparer.Ordinal).Select(row => row.Id), what);

        var groups = (await Queries.List(table, new() { Filter = filter, Ids = ids, GroupBy = ["name"], Aggregate = ["count", "min(createdAt)", "max(description)"] }, access)).Groups!;
        groups.Select(group => Json(group.Write)).Select(group => (group["name"]!.GetValue<string>(), group["count"]!.GetValue<long>(), group["min(createdAt)"]!.GetValue<string>(), group["max(description)"]?.GetValue<string>()))
            .ShouldBe(expected.GroupBy(row => row.Name).OrderBy(group => group.Key, Comparer<string>.Create(Conditions.Compare))
                .Select(group => (group.Key, (long)group.Count(), KernelJson.Text(group.Min(row => row.CreatedAt)), group.Max(row => row.Description))), what);
    }

    private static List<(string Path, bool Descending)> Sort(Random chance, Type type)
    {
        List<string> paths = ["name", "createdAt", "description"];
        foreach (var relation in World.Relations.Where(relation => relation.From == type))
        {
            paths.AddRange([$"{relation.Name}.name", $"{relation.Name}.description"]);
            paths.AddRange(World.Relations.Where(next => next.From == relation.To).Select(next => $"{relation.Name}.{next.Name}.name"));
        }
        return [.. Enumerable.Range(0, chance.Next(3)).Select(_ => paths[chance.Next(paths.Count)]).Distinct().Select(path => (path, chance.Next(2) == 0))];
    }

    /// <summary>What a path of references leads to; null when anything on the way is missing or not to be seen.</summary>
    private static object? Value(World world, Func<NamedRow, bool> sees, NamedRow? row, string path)
    {
        var names = path.Split('.');
        foreach (var name in names[..^1])
        {
            var relation = World.Relations.Single(known => known.From == row!.Row.GetType() && known.Name == name);
            row = world.Rows[relation.To].Where(other => other.Id == relation.Reference(row!.Row)).Select(other => new NamedRow(other)).FirstOrDefault(sees);
            if (row is null)
                return null;
        }
        return row![names[^1]];
    }

    [Fact]
    public async Task Expansions_show_what_belongs_together_and_may_be_seen()
    {
        var chance = new Random(17);
        var world = await Make(chance);
        var (access, sees) = (AccessPredicate.InProjects([Sample.Project]), (Func<NamedRow, bool>)(row => row.Row.ProjectId == Sample.Project));
        var table = World.Models.Table<Device>();
        var page = await Queries.List(table, new() { Limit = 1000, Fields = ["name", "shelf.height", "shelf.site.name", "deviceParts.slot"], Expand = ["spareShelf.site"] }, access);
        var devices = world.Rows[typeof(Device)].Cast<Device>().Where(device => sees(new(device))).OrderBy(device => device.Id.ToString(), StringComparer.Ordinal).ToList();
        page.Items.Count.ShouldBe(devices.Count);
        for (var i = 0; i < devices.Count; i++)
        {
            var device = devices[i];
            var shown = Json(table, page.Items[i]);
            shown.Select(pair => pair.Key).ShouldBe(["name", "deviceParts", "shelf", "spareShelf"]);
            shown["name"]!.GetValue<string>().ShouldBe(device.Name);
            var shelf = (Shelf?)world.Rows[typeof(Shelf)].Find(row => row.Id == device.ShelfId && sees(new(row)));
            (shown["shelf"] is null).ShouldBe(shelf is null);
            if (shelf is not null)
            {
                var site = world.Rows[typeof(Site)].Find(row => row.Id == shelf.SiteId && sees(new(row)));
                JsonNode.DeepEquals(shown["shelf"], new JsonObject { ["height"] = shelf.Height, ["site"] = site is null ? null : new JsonObject { ["name"] = site.Name } }).ShouldBeTrue(shown.ToJsonString());
            }
            shown["deviceParts"]!.AsArray().Select(part => part!["slot"]!.GetValue<int>()).ShouldBe(world.Rows[typeof(DevicePart)].Cast<DevicePart>().Where(part => part.DeviceId == device.Id && sees(new(part))).OrderBy(part => part.Id.ToString(), StringComparer.Ordinal).Select(part => part.Slot));
            if (world.Rows[typeof(Shelf)].Find(row => row.Id == device.SpareShelfId && sees(new(row))) is { } spare)
            {
                // Whole, and just as the resource itself is shown.
                var (whole, expanded) = (Json(World.Models.Table<Shelf>(), spare), shown["spareShelf"]!.DeepClone().AsObject());
                expanded.Remove("site").ShouldBeTrue();
                JsonNode.DeepEquals(expanded, whole).ShouldBeTrue($"{expanded} / {whole}");
            }
        }
    }

    private static (AccessPredicate, Func<NamedRow, bool>) Access(Random chance) => chance.Next(3) switch
    {
        0 => (AccessPredicate.InProjects([Sample.Project]), row => row.Row.ProjectId == Sample.Project),
        1 => (AccessPredicate.ByTable(table => table.Type == typeof(Shelf) ? AccessPredicate.InProjects([]) : AccessPredicate.All), row => row.Row is not Shelf),
        _ => (AccessPredicate.All, _ => true),
    };

    private async Task<World> Make(Random chance)
    {
        _database = Opened(Place.Open(World.Models));
        Schema.CreateFromModel(_database);
        var writer = Opened(new Writer(_database, Nssv.Kernel.Ownership.MemberFence.Acquire(_database, Sample.Manager, TimeProvider.System), null));
        var world = new World(chance);
        await writer.Commit(world.Insert());
        return world;
    }

    private static JsonObject Json(Nssv.Kernel.Model.TableModel table, object row) => Json(writer => ResourceView.Write(writer, table, row));

    private static JsonObject Json(Action<Utf8JsonWriter> write)
    {
        using var stream = new MemoryStream();
        using (var writer = new Utf8JsonWriter(stream))
            write(writer);
        return JsonNode.Parse(stream.ToArray())!.AsObject();
    }
}

[Trait("group", "data")]
public sealed class SqliteGeneratedQueryTests : GeneratedQueryTests
{
    protected override Task<ITestDatabase> Make() => Task.FromResult<ITestDatabase>(new SqliteFile());
}

[Trait("group", "data")]
public sealed class PostgresGeneratedQueryTests(PostgresServer server) : GeneratedQueryTests
{
    protected override async Task<ITestDatabase> Make() => new PostgresTestDatabase(await server.CreateDatabase());
}
