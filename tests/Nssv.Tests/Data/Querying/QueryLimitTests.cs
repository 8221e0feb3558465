using System.Text.Json;
using System.Text.Json.Nodes;
using Nssv.Kernel;
using Nssv.Kernel.Data;
using Nssv.Kernel.Query;
using Shouldly;
using Xunit;

namespace Nssv.Tests.Data.Querying;

/// <summary>What a query may take: points, time, ids, groups, resources put into a page.</summary>
public abstract class QueryLimitTests : DatabaseTest
{
    /// <summary>A statement of this database that takes for ever.</summary>
    protected abstract string Endless { get; }

    private Collections Queries => new(Database, TimeProvider.System);

    [Fact]
    public async Task A_hundred_thousand_ids_are_one_list()
    {
        var machine = await AddMachine("mine");
        await AddMachine("other");
        List<Id> ids = [.. Enumerable.Range(0, 99_999).Select(_ => Sample.NewId()), machine.Id];
        var table = Database.Models.Table<Machine>();
        var page = await Queries.List(table, new() { Ids = ids, Count = true, Filter = "cpuCount = 4" }, AccessPredicate.All);
        (((Machine)page.Items.ShouldHaveSingleItem()).Id, page.Count).ShouldBe((machine.Id, 1L));
        (await Queries.List(table, new() { Ids = [], Count = true }, AccessPredicate.All)).Count.ShouldBe(0);
    }

    [Fact]
    public async Task A_cursor_belongs_to_its_ids()
    {
        var (first, second) = (await AddMachine("a"), await AddMachine("b"));
        var table = Database.Models.Table<Machine>();
        ListQuery query = new() { Ids = [first.Id, second.Id], Limit = 1 };
        var cursor = (await Queries.List(table, query, AccessPredicate.All)).NextCursor;
        ((Machine)(await Queries.List(table, query with { Cursor = cursor }, AccessPredicate.All)).Items.ShouldHaveSingleItem()).Name.ShouldBe("b");
        (await Refused(table, query with { Cursor = cursor, Ids = [first.Id] })).Code.ShouldBe("invalid-cursor");
    }

    [Theory]
    [InlineData("description:a", 31, " ")]
    [InlineData("name = *a*b*c", 11, " ")]
    [InlineData("rack.machines.rack.machines.rack.machines.cpuCount = 1", 8, " OR ")]
    [InlineData("cpuCount = 1", 101, " OR ")]
    public async Task What_is_built_to_be_expensive_is_refused(string part, int times, string joint)
    {
        var problem = await Refused(Database.Models.Table<Machine>(), new() { Filter = string.Join(joint, Enumerable.Repeat(part, times)) });
        (problem.Status, problem.Code, problem.Field).ShouldBe((400, "query-too-expensive", "filter"));
        problem.Detail!.ShouldContain("at most");
        problem.Advice.ShouldNotBeNullOrEmpty();
        await Queries.List(Database.Models.Table<Machine>(), new() { Filter = part }, AccessPredicate.All);
    }

    [Fact]
    public async Task A_read_that_takes_too_long_is_stopped_and_the_next_one_runs()
    {
        var reader = new QueryReader(Database, new(TimeSpan.FromMilliseconds(200), TimeProvider.System, TestContext.Current.CancellationToken));
        var problem = (await Should.ThrowAsync<ProblemException>(async () => await reader.Read(new SqlBuilder().Text(Endless), row => row.GetValue(0)))).Problem;
        (problem.Status, problem.Code).ShouldBe((400, "query-too-slow"));
        problem.Advice.ShouldNotBeNullOrEmpty();
        await AddMachine();
        (await Queries.Count(Database.Models.Table<Machine>(), null, AccessPredicate.All)).ShouldBe(1);
    }

    [Fact]
    public async Task A_read_that_nobody_waits_for_is_stopped()
    {
        using var gone = new CancellationTokenSource(TimeSpan.FromMilliseconds(200));
        var reader = new QueryReader(Database, new(TimeSpan.FromMinutes(5), TimeProvider.System, gone.Token));
        await Should.ThrowAsync<OperationCanceledException>(async () => await reader.Read(new SqlBuilder().Text(Endless), row => row.GetValue(0)));
        await AddMachine();
        (await Queries.Count(Database.Models.Table<Machine>(), null, AccessPredicate.All)).ShouldBe(1);
    }

    [Fact]
    public async Task A_page_takes_so_many_resources_in_and_no_more()
    {
        var rack = await AddRack();
        await Writer.Commit(new UnitOfWork().Insert(Sample.Machine(rack, "a")).Insert(Sample.Machine(rack, "b")).Insert(Sample.Machine(rack, "c")));
        var table = Database.Models.Table<Rack>();
        (await new Collections(Database, TimeProvider.System, new() { MostExpanded = 3 }).List(table, new() { Expand = ["machines"] }, AccessPredicate.All)).Items.Count.ShouldBe(1);
        var refused = await Should.ThrowAsync<ProblemException>(async () => await new Collections(Database, TimeProvider.System, new() { MostExpanded = 2 }).List(table, new() { Expand = ["machines"] }, AccessPredicate.All));
        refused.Problem.Code.ShouldBe("expansion-too-large");
        refused.Problem.Advice!.ShouldContain("machines");
    }

    [Fact]
    public async Task Groups_have_sums_of_what_can_be_added_up()
    {
        var rack = await AddRack("r-1");
        await Writer.Commit(new UnitOfWork().Insert(Sample.Machine(rack, "a") with { Weight = 0.5, SeenAt = Sample.Start }).Insert(Sample.Machine(rack, "b") with { Weight = 1.5, Enabled = true, MaybeInt = 3 }).Insert(Sample.Machine(rack, "c")));
        (await Groups(["count", "sum(cpuCount)", "sum(weight)", "min(name)", "max(seenAt)", "sum(maybeInt)", "max(state)"], [])).ShouldBe(
            ["""{"count":3,"sum(cpuCount)":12,"sum(weight)":2,"min(name)":"a","max(seenAt)":"2026-01-31T12:00:00Z","sum(maybeInt)":3,"max(state)":"stopped"}"""]);
        (await Groups([], ["enabled", "rack.name"])).ShouldBe(["""{"enabled":false,"rack.name":"r-1","count":2}""", """{"enabled":true,"rack.name":"r-1","count":1}"""]);
        (await Groups(["sum(memoryBytes)"], ["maybeInt"])).ShouldBe(["""{"maybeInt":null,"sum(memoryBytes)":17179869184}""", """{"maybeInt":3,"sum(memoryBytes)":8589934592}"""]);
        (await Groups(["sum(cpuCount)"], [], "name = nothing")).ShouldBe(["""{"sum(cpuCount)":null}"""]);
        await Writer.Commit(new UnitOfWork().Insert(Sample.Machine(rack, "large") with { MaybeLong = long.MaxValue }).Insert(Sample.Machine(rack, "larger") with { MaybeLong = long.MaxValue }));
        (await Refused(Database.Models.Table<Machine>(), new() { Aggregate = ["sum(maybeLong)"] })).Code.ShouldBe("sum-too-large");
    }

    [Theory]
    [InlineData("sum(name)", "", "invalid-aggregate", "text")]
    [InlineData("max(enabled)", "", "invalid-aggregate", "boolean")]
    [InlineData("avg(cpuCount)", "", "invalid-aggregate", "none of count")]
    [InlineData("sum(cpuCont)", "", "invalid-aggregate", "cpuCount")]
    [InlineData("sum(password)", "", "invalid-aggregate", "no single value")]
    [InlineData("count", "labels", "invalid-groupBy", "no single value")]
    [InlineData("count", "rack.machines.name", "invalid-groupBy", "no reference")]
    public async Task A_wrong_aggregation_is_explained(string aggregate, string groupBy, string code, string says)
    {
        var problem = await Refused(Database.Models.Table<Machine>(), new() { Aggregate = [aggregate], GroupBy = groupBy.Length == 0 ? [] : [groupBy] });
        (problem.Status, problem.Code).ShouldBe((400, code));
        $"{problem.Detail} {problem.Advice}".ShouldContain(says);
    }

    [Fact]
    public async Task Fields_and_relations_that_are_not_there_are_named()
    {
        var table = Database.Models.Table<Machine>();
        (await Refused(table, new() { Fields = ["nam"] })).Advice!.ShouldContain("'name'");
        (await Refused(table, new() { Fields = ["rack.unit"] })).Advice!.ShouldContain("'units'");
        (await Refused(table, new() { Fields = ["password"] })).Candidates!.ShouldNotContain("password");
        (await Refused(table, new() { Expand = ["racks"] })).Advice!.ShouldContain("'rack'");
        (await Refused(table, new() { Expand = ["name"] })).Code.ShouldBe("invalid-expand");
        (await Refused(table, new() { Sort = "rack.machines.name" })).Code.ShouldBe("invalid-sort");
        (await Refused(table, new() { Aggregate = ["count"], Sort = "name" })).Field.ShouldBe("sort");
    }

    private async Task<IReadOnlyList<string>> Groups(string[] aggregate, string[] groupBy, string? filter = null)
    {
        var page = await Queries.List(Database.Models.Table<Machine>(), new() { Aggregate = aggregate, GroupBy = groupBy, Filter = filter }, AccessPredicate.All);
        return [.. page.Groups!.Select(group =>
        {
            using var stream = new MemoryStream();
            using (var writer = new Utf8JsonWriter(stream))
                group.Write(writer);
            return JsonNode.Parse(stream.ToArray())!.ToJsonString();
        })];
    }

    private async Task<Problem> Refused(Nssv.Kernel.Model.TableModel table, ListQuery query) =>
        (await Should.ThrowAsync<ProblemException>(async () => await Queries.List(table, query, AccessPredicate.All))).Problem;
}

[Trait("group", "data")]
public sealed class SqliteQueryLimitTests : QueryLimitTests
{
    protected override string Endless => "WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT max(i) FROM n";

    protected override Task<ITestDatabase> Make() => Task.FromResult<ITestDatabase>(new SqliteFile());
}

[Trait("group", "data")]
public sealed class PostgresQueryLimitTests(PostgresServer server) : QueryLimitTests
{
    protected override string Endless => "SELECT count(*) FROM pg_sleep(600)";

    [Fact]
    public async Task A_database_that_dies_in_a_long_read_is_unavailable_and_the_next_read_runs()
    {
        var reader = new QueryReader(Database, new(TimeSpan.FromMinutes(5), TimeProvider.System, TestContext.Current.CancellationToken));
        var read = reader.Read(new SqlBuilder().Text(Endless), row => row.GetValue(0)).AsTask();
        await Poll.Until("the long read to be ended", async () => (await Database.Read("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() AND state = 'active' AND query LIKE '%pg_sleep(600)%' AND pid <> pg_backend_pid()", [], _ => 1)).Count > 0);
        (await Should.ThrowAsync<ProblemException>(() => read)).Problem.Status.ShouldBe(503);
        await AddMachine();
        (await new Collections(Database, TimeProvider.System).Count(Database.Models.Table<Machine>(), null, AccessPredicate.All)).ShouldBe(1);
    }

    protected override async Task<ITestDatabase> Make() => new PostgresTestDatabase(await server.CreateDatabase());
}
