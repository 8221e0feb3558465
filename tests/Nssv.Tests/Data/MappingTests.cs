using System.Text.Json.Nodes;
using Nssv.Kernel;
using Nssv.Kernel.Data;
using Shouldly;
using Xunit;

namespace Nssv.Tests.Data;

public abstract class MappingTests : DatabaseTest
{
    [Fact]
    public async Task Nothing_but_what_is_required()
    {
        var machine = Sample.Machine(await AddRack());
        await Writer.Commit(new UnitOfWork().Insert(machine));
        Same(await Store.Get<Machine>(machine.Id), machine);
    }

    [Fact]
    public async Task Every_kind_of_column_with_a_value()
    {
        var rack = await AddRack();
        var machine = Sample.Machine(rack) with
        {
            Name = "Ünï \"code\" '; DROP TABLE machines; -- \U0001F600 \n",
            Description = "",
            Labels = new Dictionary<string, string> { ["b"] = "2", ["a"] = "<1>", ["ü.x/y"] = "" },
            Serial = "S-1",
            CpuCount = int.MaxValue,
            MemoryBytes = long.MaxValue,
            Enabled = true,
            Weight = -1.5e-300,
            State = MachineState.NotKnown,
            SeenAt = new DateTimeOffset(2026, 6, 1, 2, 3, 4, TimeSpan.FromHours(2)).AddTicks(1234560),
            ObservedSequence = long.MinValue,
            Intent = "on",
            Password = "secret",
            MaybeInt = int.MinValue,
            MaybeLong = 0,
            MaybeBool = false,
            MaybeReal = double.MaxValue,
            MaybeState = MachineState.Running,
            SpareRackId = rack.Id,
            Slots = [new(1, MachineState.Running, rack.Id), new(2, MachineState.NotKnown)],
            Extra = new JsonObject { ["deep"] = new JsonObject { ["list"] = new JsonArray(1, "zwei", null) } },
        };
        await Writer.Commit(new UnitOfWork().Insert(machine));
        var found = await Store.Get<Machine>(machine.Id);
        Same(found, machine);
        found.SeenAt!.Value.Offset.ShouldBe(TimeSpan.Zero);
        found.Labels.Keys.ShouldBe(["a", "b", "ü.x/y"]);
    }

    [Fact]
    public async Task A_value_becomes_null_and_back()
    {
        var machine = await AddMachine();
        var full = machine with { Serial = "x", MaybeInt = 1, MaybeLong = 2, MaybeBool = true, MaybeReal = 0.1, MaybeState = MachineState.Stopped, SpareRackId = machine.RackId, Extra = [] };
        await Writer.Commit(new UnitOfWork().Update(machine, full));
        Same(await Store.Get<Machine>(machine.Id), full with { Version = 2 });
        await Writer.Commit(new UnitOfWork().Update(full with { Version = 2 }, machine));
        Same(await Store.Get<Machine>(machine.Id), machine with { Version = 3 });
    }

    [Fact]
    public async Task A_text_with_a_nul_character_is_refused_everywhere()
    {
        var error = Should.Throw<ProblemException>(() => Writer.Commit(new UnitOfWork().Insert(Sample.Rack("a\0b"))));
        error.Problem.Status.ShouldBe(400);
        error.Problem.Field.ShouldBe("name");
        (await Store.Count<Rack>()).ShouldBe(0);
    }

    [Fact]
    public async Task A_table_with_two_keys()
    {
        var machine = await AddMachine();
        var notes = Enumerable.Range(0, 3).Select(number => new Note { MachineId = machine.Id, Number = 2 - number, Text = $"note {number}" }).ToList();
        var unit = new UnitOfWork();
        notes.ForEach(note => unit.Insert(note));
        await Writer.Commit(unit);
        (await Store.List<Note>(Condition.Equal(nameof(Note.MachineId), machine.Id))).Select(note => note.Number).ShouldBe([0, 1, 2]);
        await Writer.Commit(new UnitOfWork().Update(notes[0], notes[0] with { Text = "new" }).Delete(notes[1]));
        (await Store.List<Note>()).Select(note => note.Text).ShouldBe(["note 2", "new"]);
    }

    [Fact]
    public async Task Conditions_mean_what_they_mean_in_csharp()
    {
        var rack = await AddRack();
        var machines = Enumerable.Range(0, 5).Select(i => Sample.Machine(rack, $"m{i}") with { MaybeLong = i == 0 ? null : i, State = i % 2 == 0 ? MachineState.Running : MachineState.Stopped }).ToList();
        var unit = new UnitOfWork();
        machines.ForEach(machine => unit.Insert(machine));
        await Writer.Commit(unit);

        await Meets([Condition.Equal(nameof(Machine.MaybeLong), null)], machine => machine.MaybeLong == null);
        await Meets([Condition.NotEqual(nameof(Machine.MaybeLong), null)], machine => machine.MaybeLong != null);
        await Meets([Condition.NotEqual(nameof(Machine.MaybeLong), 2L)], machine => machine.MaybeLong != 2);
        await Meets([Condition.Less(nameof(Machine.MaybeLong), 3L)], machine => machine.MaybeLong < 3);
        await Meets([Condition.Greater(nameof(Machine.Name), "m1"), Condition.Equal(nameof(Machine.State), MachineState.Running)], machine => string.CompareOrdinal(machine.Name, "m1") > 0 && machine.State == MachineState.Running);
        await Meets([Condition.In(nameof(Machine.Id), machines.Take(3).Select(machine => machine.Id))], machine => machines.IndexOf(machine) < 3);
        await Meets([Condition.In(nameof(Machine.Id), Array.Empty<Id>())], _ => false);
        await Meets([Condition.In(nameof(Machine.State), (MachineState[])[MachineState.NotKnown, MachineState.Stopped])], machine => machine.State == MachineState.Stopped);
        (await Store.First<Machine>(Condition.Equal(nameof(Machine.Name), "m3")))!.Id.ShouldBe(machines[3].Id);
        (await Store.First<Machine>(Condition.Equal(nameof(Machine.Name), "M3"))).ShouldBeNull();
        await Should.ThrowAsync<ArgumentException>(async () => await Store.List<Machine>(Condition.Equal("Nothing", 1)));
        (await Store.Select("SELECT name, cpu_count FROM machines WHERE name >= @p0 ORDER BY name", ["m3"], reader => (reader.GetString(0), reader.GetInt64(1)))).ShouldBe([("m3", 4L), ("m4", 4L)]);

        async Task Meets(Condition[] conditions, Func<Machine, bool> expected)
        {
            var wanted = machines.Where(expected).OrderBy(machine => machine.Id).Select(machine => machine.Name).ToList();
            (await Store.List<Machine>(conditions)).Select(machine => machine.Name).ShouldBe(wanted);
            (await Store.Count<Machine>(conditions)).ShouldBe(wanted.Count);
        }
    }

    [Fact]
    public async Task What_is_not_there_is_null_or_404()
    {
        var id = Sample.NewId();
        (await Store.Find<Rack>(id)).ShouldBeNull();
        (await Should.ThrowAsync<ProblemException>(async () => await Store.Get<Rack>(id))).Problem.Status.ShouldBe(404);
    }

    private static void Same(Machine found, Machine wanted)
    {
        found.ShouldBe(wanted with { Labels = found.Labels, Tags = found.Tags, Slots = found.Slots, Extra = found.Extra });
        found.Labels.OrderBy(pair => pair.Key, StringComparer.Ordinal).ShouldBe(wanted.Labels.OrderBy(pair => pair.Key, StringComparer.Ordinal));
        found.Tags.ShouldBe(wanted.Tags, ignoreOrder: true);
        found.Slots.ShouldBe(wanted.Slots);
        JsonNode.DeepEquals(found.Extra, wanted.Extra).ShouldBeTrue();
    }
}

[Trait("group", "data")]
public sealed class SqliteMappingTests : MappingTests
{
    protected override Task<ITestDatabase> Make() => Task.FromResult<ITestDatabase>(new SqliteFile());
}

[Trait("group", "data")]
public sealed class PostgresMappingTests(PostgresServer server) : MappingTests
{
    protected override async Task<ITestDatabase> Make() => new PostgresTestDatabase(await server.CreateDatabase());
}
