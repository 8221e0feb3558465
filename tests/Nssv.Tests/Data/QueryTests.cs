using System.Text.Json.Nodes;
using Nssv.Kernel;
using Nssv.Kernel.Data;
using Nssv.Kernel.Query;
using Shouldly;
using Xunit;

namespace Nssv.Tests.Data;

public abstract class QueryTests : DatabaseTest
{
    private static readonly Id OtherProject = Id.Parse("01890000-0000-7000-8000-0000000000ff");

    private List<Machine> _machines = [];

    private Collections Collections => new(Database, TimeProvider.System);

    /// <summary>The same machines for the same seed, with many equal values, nulls, and texts that sort differently by culture than by bytes.</summary>
    private async Task Seed(int count = 60)
    {
        var chance = new Random(4711);
        var rack = await AddRack();
        string[] names = ["web", "Web", "web-2", "änne", "zoe", "a\U0001F600", "", "WEB", "we%b", "we_b"];
        _machines = [.. Enumerable.Range(0, count).Select(i => Sample.Machine(rack, names[chance.Next(names.Length)]) with
        {
            ProjectId = chance.Next(4) == 0 ? OtherProject : Sample.Project,
            CreatedAt = Sample.Start.AddMinutes(chance.Next(5)),
            CpuCount = chance.Next(1, 5),
            MemoryBytes = chance.NextInt64(1, 5) << 30,
            Enabled = chance.Next(2) == 0,
            Weight = chance.Next(4) / 2.0,
            State = (MachineState)chance.Next(3),
            SeenAt = chance.Next(3) == 0 ? null : Sample.Start.AddTicks(chance.Next(5) * 10),
            MaybeLong = chance.Next(3) == 0 ? null : chance.Next(-3, 3),
            MaybeBool = chance.Next(3) switch { 0 => null, 1 => true, _ => false },
            Description = chance.Next(2) == 0 ? null : "d" + chance.Next(3),
            Labels = chance.Next(2) == 0 ? new SortedDictionary<string, string>() : new SortedDictionary<string, string> { ["env"] = chance.Next(2) == 0 ? "prod" : "test", ["a.b/c \"q\""] = "x" },
        })];
        var unit = new UnitOfWork();
        _machines.ForEach(machine => unit.Insert(machine));
        await Writer.Commit(unit);
        _machines = [.. _machines.OrderBy(machine => machine.Id)];
    }

    [Fact]
    public async Task Filters_meet_what_they_say()
    {
        await Seed();
        await Meets(null, _ => true);
        await Meets("cpuCount = 2", machine => machine.CpuCount == 2);
        await Meets("cpuCount != 2 AND state = running", machine => machine.CpuCount != 2 && machine.State == MachineState.Running);
        await Meets("state!=notKnown", machine => machine.State != MachineState.NotKnown);
        await Meets("memoryBytes >= 3GiB and memoryBytes<4294967296", machine => machine.MemoryBytes == 3L << 30);
        await Meets("memoryBytes > 2.5GiB", machine => machine.MemoryBytes > 5L << 29);
        await Meets("name = web", machine => machine.Name == "web");
        await Meets("name = \"Web\"", machine => machine.Name == "Web");
        await Meets("name >= 'zoe'", machine => Utf8(machine.Name, "zoe") >= 0);
        await Meets("name < \"änne\"", machine => Utf8(machine.Name, "änne") < 0);
        await Meets("name = \"\"", machine => machine.Name.Length == 0);
        await Meets("enabled = true", machine => machine.Enabled);
        await Meets("weight <= 0.5", machine => machine.Weight <= 0.5);
        await Meets("maybeLong = null", machine => machine.MaybeLong is null);
        await Meets("maybeLong != null AND maybeLong < 0", machine => machine.MaybeLong < 0);
        await Meets("maybeLong != 1", machine => machine.MaybeLong != 1);
        await Meets("maybeLong >= -2", machine => machine.MaybeLong >= -2);
        await Meets("maybeBool != true", machine => machine.MaybeBool != true);
        await Meets("createdAt >= 2026-01-31T12:02:00Z", machine => machine.CreatedAt >= Sample.Start.AddMinutes(2));
        await Meets("createdAt < \"2026-01-31T14:02:00+02:00\"", machine => machine.CreatedAt < Sample.Start.AddMinutes(2));
        await Meets("createdAt > 2026-01-31", _ => true);
        await Meets("seenAt = 2026-01-31T12:00:00.000002Z", machine => machine.SeenAt == Sample.Start.AddTicks(20));
        await Meets($"id = {_machines[7].Id}", machine => machine.Id == _machines[7].Id);
        await Meets("labels.env = prod", machine => machine.Labels.GetValueOrDefault("env") == "prod");
        await Meets("labels.env != \"prod\"", machine => machine.Labels.GetValueOrDefault("env") != "prod");
        await Meets("labels.env = null", machine => !machine.Labels.ContainsKey("env"));
        await Meets("labels.\"a.b/c \\\"q\\\"\" = x AND name != \"we%b\"", machine => machine.Labels.Count > 0 && machine.Name != "we%b");
        await Meets("name = we*", machine => machine.Name.StartsWith("we", StringComparison.Ordinal));
        await Meets("name = *b", machine => machine.Name.EndsWith('b'));
        await Meets("name = \"we\\*b\"", _ => false);
        await Meets("name = \"*%*\"", machine => machine.Name == "we%b");
        await Meets("name = we_*", machine => machine.Name == "we_b");
        await Meets("name != *e*", machine => !machine.Name.Contains('e'));
        await Meets("name : WE", machine => machine.Name.Contains("we", StringComparison.OrdinalIgnoreCase));
        await Meets("name:NNE", machine => machine.Name == "änne");
        await Meets("name:ÄNNE", _ => false);
        await Meets("description:*", machine => machine.Description is not null);
        await Meets("description = *", machine => machine.Description is not null);
        await Meets("description != d*", machine => machine.Description is null);
        await Meets("state:running", machine => machine.State == MachineState.Running);
        await Meets("labels:env", machine => machine.Labels.ContainsKey("env"));
        await Meets("labels:*", machine => machine.Labels.Count > 0);
        await Meets("-labels:*", machine => machine.Labels.Count == 0);
        await Meets("labels.env:ROD", machine => machine.Labels.GetValueOrDefault("env") == "prod");
        await Meets("labels.env = p*", machine => machine.Labels.GetValueOrDefault("env") == "prod");
        await Meets("cpuCount IN (1, 3) state IN (running)", machine => (machine.CpuCount is 1 or 3) && machine.State == MachineState.Running);
        await Meets("NOT maybeLong IN (1,2)", machine => machine.MaybeLong is not (1 or 2));
        await Meets("NOT maybeLong < 0", machine => !(machine.MaybeLong < 0));
        await Meets("weight IN (0, 0.5)", machine => machine.Weight <= 0.5);
        // OR binds tighter than AND: https://google.aip.dev/160.
        await Meets("enabled = true AND cpuCount = 1 OR cpuCount = 2", machine => machine.Enabled && (machine.CpuCount is 1 or 2));
        await Meets("cpuCount = 1 OR cpuCount = 2 enabled = true", machine => (machine.CpuCount is 1 or 2) && machine.Enabled);
        await Meets("(enabled = true AND cpuCount = 1) OR cpuCount = 2", machine => machine.Enabled && machine.CpuCount == 1 || machine.CpuCount == 2);
        await Meets("-(enabled = true OR cpuCount = 1) -cpuCount = 2", machine => !machine.Enabled && machine.CpuCount is not (1 or 2));
        await Meets("createdAt < now-1d AND updatedAt > now-200w", _ => true);
        await Meets("createdAt > now", _ => false);
        await Meets("slots:*", _ => false);
        await Meets("extra = null", _ => true);
        await Meets("name = \"'; DROP TABLE machines; --\"", _ => false);
        await Meets("labels.\"') OR 1=1 --\" = x", _ => false);

        async Task Meets(string? filter, Func<Machine, bool> expected)
        {
            var page = await Collections.List<Machine>(new() { Filter = filter, Limit = 1000, Count = true }, AccessPredicate.All);
            var wanted = _machines.Where(expected).Select(machine => machine.Id).ToList();
            page.Items.Select(machine => machine.Id).ShouldBe(wanted, filter);
            page.Count.ShouldBe(wanted.Count);
            page.NextCursor.ShouldBeNull();
        }
    }

    [Theory]
    [InlineData(null)]
    [InlineData("name")]
    [InlineData("createdAt desc, name")]
    [InlineData("maybeLong")]
    [InlineData("maybeLong desc, state desc, weight")]
    [InlineData("description, maybeBool desc")]
    [InlineData("description desc, id desc")]
    [InlineData("seenAt desc,enabled")]
    public async Task Pages_together_are_the_sorted_whole(string? sort)
    {
        await Seed();
        var whole = await Collections.List<Machine>(new() { Sort = sort, Limit = 1000 }, AccessPredicate.All);
        IOrderedEnumerable<Machine> expected = _machines.OrderBy(_ => 0);
        foreach (var part in (sort ?? "").Split(',', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries))
            expected = Then(expected, part.Split(' ')[0], part.EndsWith(" desc", StringComparison.Ordinal));
        whole.Items.Select(machine => machine.Id).ShouldBe(expected.ThenBy(machine => machine.Id).Select(machine => machine.Id));
        foreach (var size in (int[])[1, 7, 59, 60])
        {
            var ids = new List<Id>();
            string? cursor = null;
            do
            {
                var page = await Collections.List<Machine>(new() { Sort = sort, Limit = size, Cursor = cursor }, AccessPredicate.All);
                page.Items.Count.ShouldBeInRange(1, size);
                ids.AddRange(page.Items.Select(machine => machine.Id));
                cursor = page.NextCursor;
            }
            while (cursor is not null);
            ids.ShouldBe(whole.Items.Select(machine => machine.Id));
        }
    }

    private static IOrderedEnumerable<Machine> Then(IOrderedEnumerable<Machine> machines, string field, bool descending)
    {
        var property = Sample.Models.Table<Machine>().Columns.Single(column => column.JsonName == field).Info;
        var comparer = Comparer<object?>.Create((a, b) => (a, b) switch
        {
            (null, null) => 0,
            (null, _) => -1,
            (_, null) => 1,
            (string x, string y) => Utf8(x, y),
            (Id x, Id y) => x.CompareTo(y),
            (Enum x, Enum y) => string.CompareOrdinal(Text(x), Text(y)),
            _ => Comparer<object>.Default.Compare(a, b),
        });
        return descending ? machines.ThenByDescending(property.GetValue, comparer) : machines.ThenBy(property.GetValue, comparer);

        static string Text(Enum value) => System.Text.Json.JsonNamingPolicy.CamelCase.ConvertName(value.ToString());
    }

    private static int Utf8(string a, string b) => System.Text.Encoding.UTF8.GetBytes(a).AsSpan().SequenceCompareTo(System.Text.Encoding.UTF8.GetBytes(b));

    [Fact]
    public async Task Pages_are_stable_while_rows_come_and_go()
    {
        await Seed();
        var chance = new Random(1);
        var rack = (await Store.List<Rack>())[0];
        var old = _machines.ToDictionary(machine => machine.Id);
        var seen = new List<Id>();
        string? cursor = null;
        do
        {
            var page = await Collections.List<Machine>(new() { Sort = "name desc, createdAt", Limit = 6, Cursor = cursor, Filter = "cpuCount > 0" }, AccessPredicate.All);
            seen.AddRange(page.Items.Select(machine => machine.Id));
            cursor = page.NextCursor;
            // Also the row that the cursor stands on goes away.
            var gone = page.Items[^1];
            await Writer.Commit(new UnitOfWork().Delete(gone)
                .Insert(Sample.Machine(rack, "zz" + chance.Next())).Insert(Sample.Machine(rack, "")).Insert(Sample.Machine(rack, "web")));
        }
        while (cursor is not null);
        seen.Distinct().Count().ShouldBe(seen.Count);
        seen.Where(old.ContainsKey).ShouldBe(_machines.OrderByDescending(machine => machine.Name, Comparer<string>.Create(Utf8)).ThenBy(machine => machine.CreatedAt).ThenBy(machine => machine.Id).Select(machine => machine.Id));
    }

    [Fact]
    public async Task Permission_is_part_of_every_statement()
    {
        await Seed();
        var table = Database.Models.Table<Machine>();
        var access = AccessPredicate.InProjects([OtherProject]);
        var foreign = _machines.First(machine => machine.ProjectId != OtherProject);
        var page = await Collections.List(table, new() { Limit = 1000, Count = true }, access);
        page.Items.Count.ShouldBe(_machines.Count(machine => machine.ProjectId == OtherProject));
        page.Count.ShouldBe(page.Items.Count);
        (await Collections.Count(table, "cpuCount >= 1", access)).ShouldBe(page.Items.Count);
        ((Machine)await Collections.Get(table, ((Machine)page.Items[0]).Id, access)).ShouldNotBeNull();
        (await Should.ThrowAsync<ProblemException>(async () => await Collections.Get(table, foreign.Id, access))).Problem.Status.ShouldBe(404);
        (await Collections.List(table, new(), AccessPredicate.InProjects([]))).Items.ShouldBeEmpty();
    }

    [Fact]
    public async Task Limits()
    {
        await Seed();
        var table = Database.Models.Table<Machine>();
        var page = await Collections.List(table, new(), AccessPredicate.All);
        page.Items.Count.ShouldBe(50);
        page.Count.ShouldBeNull();
        var counted = await Collections.List(table, new() { Limit = 0, Count = true }, AccessPredicate.All);
        (counted.Items.Count, counted.Count, counted.NextCursor).ShouldBe((0, 60L, null));
        foreach (var limit in (int[])[-1, 1001])
            (await Problem(new() { Limit = limit })).Field.ShouldBe("limit");
    }

    [Theory]
    [InlineData("cpuCont = 2", "cpuCount")]
    [InlineData("cpuCount = 2 AND", "Position 17")]
    [InlineData("cpuCount", "Position 9")]
    [InlineData("= 3", "Position 1")]
    [InlineData("cpuCount == 3", "Position 11")]
    [InlineData("cpuCount = two", "whole number")]
    [InlineData("cpuCount = \"2\"", "whole number")]
    [InlineData("memoryBytes = 1.3B", "whole number")]
    [InlineData("memoryBytes = 99999999999PiB", "whole number")]
    [InlineData("state = flying", "stopped, running, notKnown")]
    [InlineData("state > running", "= and !=")]
    [InlineData("enabled = yes", "true or false")]
    [InlineData("createdAt > yesterday", "2026-01-31T12:00:00Z")]
    [InlineData("createdAt > 2026-01-31T12:00:00", "a time")]
    [InlineData("id = 17", "an id")]
    [InlineData("name = \"web", "closing quote")]
    [InlineData("cpuCount < null", "null")]
    [InlineData("weight = Infinity", "a number")]
    [InlineData("slots = 1", "cannot be compared")]
    [InlineData("labels = 1", "Name the key")]
    [InlineData("name.first = a", "no fields")]
    [InlineData("password = hunter2", "no field 'password'")]
    [InlineData("intent = on", "no field 'intent'")]
    [InlineData("name = web OR", "Position 14")]
    [InlineData("OR name = web", "Position 1")]
    [InlineData("(name = web", "not closed")]
    [InlineData("name = web)", "Position 11")]
    [InlineData("name = web AND ()", "nothing in these")]
    [InlineData("web", "Position 4")]
    [InlineData("name : \"w*b\"", "without asterisks")]
    [InlineData("name = *a*b*c*d*e*f*", "asterisks")]
    [InlineData("cpuCount IN (1, null)", "null")]
    [InlineData("cpuCount IN (1, two)", "whole number")]
    [InlineData("cpuCount IN (1", "comma")]
    [InlineData("cpuCount IN 1", "Position 13")]
    [InlineData("rack = web", "is a resource")]
    [InlineData("rack.nam = web", "Position 6")]
    [InlineData("rack.machines.cpuCont = 1", "Position 15")]
    [InlineData("rack.name.first = a", "no fields")]
    [InlineData("rack.sparerack = 1", "no field 'sparerack'")]
    [InlineData("name:(cpuCount = 1)", "is a field")]
    [InlineData("slots.number = 1", "cannot be compared")]
    [InlineData("createdAt > now-3", "now-1d")]
    [InlineData("createdAt > now-99999999w", "now-1d")]
    [InlineData("labels = null", "Name the key")]
    [InlineData("((((((((((((((((((((((((((name = a))))))))))))))))))))))))))", "deep")]
    [InlineData("NOT NOT NOT NOT NOT NOT NOT NOT NOT NOT NOT NOT NOT NOT NOT NOT NOT NOT NOT NOT NOT NOT NOT NOT NOT name = a", "deep")]
    public async Task A_wrong_filter_is_explained(string filter, string says)
    {
        var problem = await Problem(new() { Filter = filter });
        (problem.Status, problem.Field).ShouldBe((400, "filter"));
        $"{problem.Detail} {problem.Advice}".ShouldContain(says);
        problem.Detail!.ShouldContain("Position");
    }

    [Fact]
    public async Task Candidates_are_named_for_a_wrong_field()
    {
        var problem = await Problem(new() { Filter = "memory > 3" });
        problem.Candidates.ShouldNotBeNull();
        problem.Candidates.ShouldContain("memoryBytes");
        problem.Candidates.ShouldNotContain("password");
        problem.Advice!.ShouldStartWith("Did you mean 'memoryBytes'? Known: ");
        (await Problem(new() { Filter = "zzzqqq = 3" })).Advice!.ShouldStartWith("Known: ", Case.Sensitive, "nobody meant any of them");
        (await Problem(new() { Sort = "namee" })).Advice!.ShouldContain("'name'");
        (await Problem(new() { Sort = "password" })).Status.ShouldBe(400);
        (await Problem(new() { Sort = "name up" })).Field.ShouldBe("sort");
        (await Problem(new() { Sort = "name, name desc" })).Field.ShouldBe("sort");
        (await Problem(new() { Sort = "labels" })).Field.ShouldBe("sort");
        (await Problem(new() { Filter = string.Join(" AND ", Enumerable.Repeat("cpuCount = 1", 101)) })).Detail!.ShouldContain("at most");
    }

    [Fact]
    public async Task A_cursor_of_another_query_or_an_altered_one_is_refused()
    {
        await Seed();
        var table = Database.Models.Table<Machine>();
        var cursor = (await Collections.List(table, new() { Sort = "name", Limit = 5, Filter = "cpuCount > 0" }, AccessPredicate.All)).NextCursor!;
        ListQuery good = new() { Sort = "name", Limit = 5, Filter = "cpuCount > 0", Cursor = cursor };
        (await Collections.List(table, good, AccessPredicate.All)).Items.Count.ShouldBe(5);
        foreach (var bad in (ListQuery[])
        [
            good with { Sort = "name desc" }, good with { Filter = null }, good with { Cursor = cursor[..^2] }, good with { Cursor = "x" + cursor }, good with { Cursor = "!" },
            good with { Cursor = cursor[..30] + (cursor[30] == 'A' ? 'B' : 'A') + cursor[31..] }, good with { Cursor = "bm9uc2Vuc2U" },
        ])
        {
            var problem = await Problem(bad);
            (problem.Status, problem.Code).ShouldBe((400, "invalid-cursor"));
        }
    }

    [Fact]
    public async Task A_view_shows_public_fields_only()
    {
        var machine = (await AddMachine()) with { Password = "hunter2", Intent = "x", Labels = new Dictionary<string, string> { ["a"] = "b" } };
        using var stream = new MemoryStream();
        await using (var writer = new System.Text.Json.Utf8JsonWriter(stream))
            ResourceView.Write(writer, Database.Models.Table<Machine>(), machine);
        var json = JsonNode.Parse(stream.ToArray())!.AsObject();
        json.Select(pair => pair.Key).ShouldBe(Database.Models.Table<Machine>().Columns.Where(column => column.Public).Select(column => column.JsonName));
        json["state"]!.GetValue<string>().ShouldBe("stopped");
        json["labels"]!.ToJsonString().ShouldBe("""{"a":"b"}""");
        json.ToJsonString().ShouldNotContain("hunter");
    }

    private async Task<Problem> Problem(ListQuery query) =>
        (await Should.ThrowAsync<ProblemException>(async () => await Collections.List(Database.Models.Table<Machine>(), query, AccessPredicate.All))).Problem;
}

[Trait("group", "data")]
public sealed class SqliteQueryTests : QueryTests
{
    protected override Task<ITestDatabase> Make() => Task.FromResult<ITestDatabase>(new SqliteFile());
}

[Trait("group", "data")]
public sealed class PostgresQueryTests(PostgresServer server) : QueryTests
{
    protected override async Task<ITestDatabase> Make() => new PostgresTestDatabase(await server.CreateDatabase());
}
