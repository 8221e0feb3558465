using Nssv.Kernel;
using Nssv.Kernel.Data;
using Nssv.Kernel.Data.Sqlite;
using Shouldly;
using Xunit;

namespace Nssv.Tests.Data;

/// <summary>What units of one batch may share must show in nothing but speed.</summary>
public abstract class BatchTests : DatabaseTest
{
    /// <summary>The same units in one batch here, and one after the other on a database that brings nothing together.</summary>
    [Theory]
    [MemberData(nameof(Seeds))]
    public async Task A_batch_does_what_its_units_do_one_after_the_other(int seed)
    {
        await using var reference = SqliteDatabase.InMemory(Sample.Models);
        Schema.CreateFromModel(reference);
        var (first, second) = (new HeldThread(), new HeldThread());
        await using var alone = new Writer(reference, Kernel.Ownership.MemberFence.Acquire(reference, Sample.Manager, TimeProvider.System), new() { BatchUnits = 1, Thread = first, Time = new Stopped() });
        var faults = new Faults();
        await using var together = NewWriter(new() { Thread = second, Time = new Stopped(), Faults = faults });
        var expected = await Outcomes(alone, first, seed);
        var outcomes = await Outcomes(together, second, seed);
        outcomes.ShouldBe(expected);
        // One failure takes the batch apart, so most seeds have none.
        (faults.Batches.Count == 1).ShouldBe(!expected.Contains("refused"));
        (await Contents(Store)).ShouldBe(await Contents(new Store(reference)));
        (await LabelIndexTests.Indexed(Store)).ShouldBe(await LabelIndexTests.Labels(Store));
    }

    public static IEnumerable<TheoryDataRow<int>> Seeds => Enumerable.Range(1, 30).Select(seed => new TheoryDataRow<int>(seed));

    [Fact]
    public async Task Rows_of_one_table_come_back_as_they_were_given()
    {
        var rack = await AddRack();
        var full = Sample.Machine(rack) with
        {
            Serial = "ünï \"quoted\", {braces} \\ and 'ticks'",
            Enabled = true,
            Weight = 0.1,
            SeenAt = Sample.Start.AddTicks(10),
            Intent = "",
            MaybeInt = -1,
            MaybeLong = long.MinValue,
            MaybeBool = false,
            MaybeReal = double.Epsilon,
            MaybeState = MachineState.NotKnown,
            SpareRackId = rack.Id,
            Slots = [new(1, MachineState.Running, rack.Id)],
        };
        var held = new HeldThread();
        await using var writer = NewWriter(new() { Thread = held });
        List<Machine> machines = [full, Sample.Machine(rack, "plain"), full with { Id = Sample.NewId(), Serial = "NULL", MaybeLong = null, MaybeState = null }];
        var tasks = machines.ConvertAll(machine => writer.Commit(new UnitOfWork().Insert(machine)));
        held.Release();
        await Task.WhenAll(tasks);
        foreach (var machine in machines)
            System.Text.Json.JsonSerializer.Serialize(await Store.Get<Machine>(machine.Id), KernelJson.Options).ShouldBe(System.Text.Json.JsonSerializer.Serialize(machine, KernelJson.Options));
    }

    [Fact]
    public async Task What_is_required_must_be_so_when_the_unit_is_committed()
    {
        var machine = await AddMachine();
        var running = machine with { State = MachineState.Running, ObservedSequence = 1 };
        var held = new HeldThread();
        await using var writer = NewWriter(new() { Thread = held });
        UnitOfWork Unit(string name, MachineState state) => new UnitOfWork().Require<Machine>(machine.Id, Condition.Equal("State", state)).Insert(Sample.Rack(name));
        var tasks = new[]
        {
            Unit("one", MachineState.Stopped), Unit("two", MachineState.Stopped), new UnitOfWork().Observe(machine, running),
            Unit("three", MachineState.Stopped), Unit("four", MachineState.Running), Unit("five", MachineState.Running),
        }.Select(writer.Commit).ToList();
        held.Release();
        (await Should.ThrowAsync<ConcurrencyException>(() => tasks[3])).Key.ShouldBe(machine.Id.ToString());
        foreach (var good in tasks.Where((_, i) => i != 3))
            await good;
        (await Store.List<Rack>(Condition.NotEqual("Name", "rack"))).Select(rack => rack.Name).Order().ShouldBe(["five", "four", "one", "two"]);
        (await Store.Get<Machine>(machine.Id)).Version.ShouldBe(machine.Version);
        await DenseEvents();
    }

    private static async Task<List<string>> Outcomes(Writer writer, HeldThread thread, int seed)
    {
        var tasks = new RandomUnits(seed).Next(RandomUnits.Count).Select(writer.Commit).ToList();
        thread.Release();
        var outcomes = new List<string>();
        foreach (var task in tasks)
            outcomes.Add(await Outcome(task));
        return outcomes;
    }

    private static async Task<string> Outcome(Task<long> commit)
    {
        try
        {
            return $"{await commit}";
        }
        catch (Exception error) when (error is ConcurrencyException or UniqueException or ReferenceException)
        {
            // Of several faults in one unit each database finds another one first.
            return "refused";
        }
    }

    private static async Task<string> Contents(Store store) => System.Text.Json.JsonSerializer.Serialize(
        new object[] { await store.List<Rack>(), await store.List<Machine>(), await store.List<Note>(), await store.List<Kernel.Events.Event>() }, KernelJson.Options);

    private sealed class Stopped : TimeProvider
    {
        public override DateTimeOffset GetUtcNow() => Sample.Start;
    }
}

[Trait("group", "data")]
public sealed class SqliteBatchTests : BatchTests
{
    protected override Task<ITestDatabase> Make() => Task.FromResult<ITestDatabase>(new SqliteFile());
}

[Trait("group", "data")]
public sealed class PostgresBatchTests(PostgresServer server) : BatchTests
{
    protected override async Task<ITestDatabase> Make() => new PostgresTestDatabase(await server.CreateDatabase());

    [Fact]
    public async Task What_is_required_waits_for_another_writer_and_then_looks_again()
    {
        var rack = await AddRack();
        var place = (PostgresTestDatabase)Place;
        await using var other = new Npgsql.NpgsqlConnection($"{Kernel.Data.Postgres.PostgresUrl.Parse(place.Url)}");
        await other.OpenAsync();
        await using var transaction = await other.BeginTransactionAsync();
        await using (var change = new Npgsql.NpgsqlCommand("UPDATE racks SET units = 1", other, transaction))
            await change.ExecuteNonQueryAsync();
        var commit = Writer.Commit(new UnitOfWork().Require<Rack>(rack.Id, Condition.Equal("Units", 42)).Insert(Sample.Rack("late")));
        await Poll.Until("the writer to wait for the row", async () =>
            (await Store.Select("SELECT count(*) FROM pg_stat_activity WHERE datname = @p0 AND wait_event_type = 'Lock'", [place.Name], row => row.GetInt64(0)))[0] == 1);
        await transaction.CommitAsync();
        await Should.ThrowAsync<ConcurrencyException>(() => commit);
        (await Store.Count<Rack>()).ShouldBe(1);
    }
}
