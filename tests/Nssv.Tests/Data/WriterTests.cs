using System.Text.Json.Nodes;
using Nssv.Kernel.Data;
using Nssv.Kernel.Events;
using Shouldly;
using Xunit;

namespace Nssv.Tests.Data;

public abstract class WriterTests : DatabaseTest
{
    [Fact]
    public async Task An_update_counts_the_version_and_a_stale_one_is_refused()
    {
        var machine = await AddMachine();
        await Writer.Commit(new UnitOfWork().Update(machine, machine with { CpuCount = 8 }));
        (await Store.Get<Machine>(machine.Id)).Version.ShouldBe(2);
        var error = await Should.ThrowAsync<ConcurrencyException>(() => Writer.Commit(new UnitOfWork().Update(machine, machine with { CpuCount = 16 })));
        error.Table.ShouldBe("machines");
        error.Key.ShouldBe(machine.Id.ToString());
        await Should.ThrowAsync<ConcurrencyException>(() => Writer.Commit(new UnitOfWork().Delete(machine)));
        (await Store.Get<Machine>(machine.Id)).CpuCount.ShouldBe(8);
    }

    [Fact]
    public async Task An_update_of_what_is_only_observed_leaves_the_version()
    {
        var machine = await AddMachine();
        await Writer.Commit(new UnitOfWork().Update(machine, machine with { State = MachineState.Running, UpdatedAt = machine.UpdatedAt.AddHours(1) }));
        var found = await Store.Get<Machine>(machine.Id);
        found.Version.ShouldBe(1);
        found.State.ShouldBe(MachineState.Running);
    }

    [Fact]
    public async Task Nothing_differs_so_nothing_is_written()
    {
        var machine = await AddMachine();
        var before = (await Events()).Count;
        (await Writer.Commit(new UnitOfWork().Update(machine, machine with { UpdatedAt = machine.UpdatedAt.AddHours(1), Slots = [] }))).ShouldBe(0);
        (await Store.Get<Machine>(machine.Id)).UpdatedAt.ShouldBe(machine.UpdatedAt);
        (await Events()).Count.ShouldBe(before);
    }

    [Fact]
    public async Task Several_changes_of_one_row_in_one_unit_follow_each_other()
    {
        var rack = await AddRack();
        var machine = Sample.Machine(rack);
        var second = machine with { CpuCount = 5 };
        var third = second with { CpuCount = 6 };
        var seen = third with { State = MachineState.Running };
        var last = seen with { Name = "last" };
        await Writer.Commit(new UnitOfWork().Insert(machine).Update(machine, second).Update(second, third).Observe(third, seen).Update(seen, last));
        var found = await Store.Get<Machine>(machine.Id);
        (found.Name, found.CpuCount, found.State, found.Version).ShouldBe(("last", 6, MachineState.Running, 4L));
        var renamed = found with { Name = "renamed" };
        await Writer.Commit(new UnitOfWork().Update(found, renamed).Delete(renamed));
        (await Store.Find<Machine>(machine.Id)).ShouldBeNull();
        await DenseEvents();
    }

    [Fact]
    public async Task A_late_report_is_dropped_without_error_or_event()
    {
        var machine = await AddMachine();
        await Writer.Commit(new UnitOfWork().Observe(machine, machine with { State = MachineState.Running, ObservedSequence = 10 }));
        var count = (await Events()).Count;
        (await Writer.Commit(new UnitOfWork().Observe(machine, machine with { State = MachineState.NotKnown, ObservedSequence = 9 }))).ShouldBe(0);
        var found = await Store.Get<Machine>(machine.Id);
        (found.State, found.ObservedSequence, found.Version).ShouldBe((MachineState.Running, 10L, 1L));
        (await DenseEvents()).Count.ShouldBe(count);
        var with = await Writer.Commit(new UnitOfWork().Observe(machine, machine with { State = MachineState.NotKnown, ObservedSequence = 9 }).Insert(Sample.Rack()));
        with.ShouldBe(count + 1);
        (await DenseEvents())[^1].Type.ShouldBe("rack.created");
    }

    [Fact]
    public async Task Observing_never_writes_configuration()
    {
        var machine = await AddMachine();
        await Writer.Commit(new UnitOfWork().Observe(machine, machine with { State = MachineState.Running, CpuCount = 99, ObservedSequence = 1 }));
        (await Store.Get<Machine>(machine.Id)).CpuCount.ShouldBe(4);
        var e = (await Events())[^1];
        e.Data.Select(pair => pair.Key).ShouldBe(["state"]);
    }

    [Fact]
    public async Task Foreign_keys_refuse_rows_and_deletions()
    {
        var rack = await AddRack();
        var orphan = Sample.Machine(Sample.Rack());
        await Should.ThrowAsync<ReferenceException>(() => Writer.Commit(new UnitOfWork().Insert(orphan)));
        var machine = Sample.Machine(rack);
        await Writer.Commit(new UnitOfWork().Insert(machine));
        await Should.ThrowAsync<ReferenceException>(() => Writer.Commit(new UnitOfWork().Delete(rack)));
        await Writer.Commit(new UnitOfWork().Delete(machine).Delete(rack));
        (await Store.Count<Rack>()).ShouldBe(0);
        await DenseEvents();
    }

    [Fact]
    public async Task Unique_keys_and_indexes_refuse_rows()
    {
        var machine = await AddMachine();
        var rack = await Store.Get<Rack>(machine.RackId);
        (await Should.ThrowAsync<UniqueException>(() => Writer.Commit(new UnitOfWork().Insert(rack)))).Table.ShouldBe("racks");
        await Writer.Commit(new UnitOfWork().Insert(Sample.Machine(rack) with { Serial = "one" }));
        (await Should.ThrowAsync<UniqueException>(() => Writer.Commit(new UnitOfWork().Insert(Sample.Machine(rack) with { Serial = "one" })))).Table.ShouldBe("machines");
        await Writer.Commit(new UnitOfWork().Insert(Sample.Machine(rack)));
    }

    [Fact]
    public async Task A_statement_meets_the_rows_that_it_expects_or_nothing_happens()
    {
        var machine = await AddMachine();
        const string Take = "UPDATE machines SET memory_bytes = memory_bytes - @p0 WHERE id = @p1 AND memory_bytes >= @p0";
        await Writer.Commit(new UnitOfWork().Execute("machines", Take, 1, 5L << 30, machine.Id));
        await Should.ThrowAsync<ConcurrencyException>(() => Writer.Commit(new UnitOfWork().Insert(Sample.Rack()).Execute("machines", Take, 1, 5L << 30, machine.Id)));
        (await Store.Get<Machine>(machine.Id)).MemoryBytes.ShouldBe(3L << 30);
        (await Store.Count<Rack>()).ShouldBe(1);
        await Writer.Commit(new UnitOfWork().Execute("machines", "UPDATE machines SET serial = @p0, enabled = @p1, state = @p2, seen_at = @p3 WHERE name = @p4", null, null, true, MachineState.NotKnown, Sample.Start, "nobody"));
        await Writer.Commit(new UnitOfWork().Execute("machines", "UPDATE machines SET serial = @p0, enabled = @p1, state = @p2, seen_at = @p3", 1, null, true, MachineState.NotKnown, Sample.Start));
        var found = await Store.Get<Machine>(machine.Id);
        (found.Enabled, found.State, found.SeenAt).ShouldBe((true, MachineState.NotKnown, Sample.Start));
    }

    [Fact]
    public async Task Bad_units_of_a_group_take_no_good_one_with_them()
    {
        var machine = await AddMachine();
        var (held, faults) = (new HeldThread(), new Faults());
        var writer = NewWriter(new() { Thread = held, Faults = faults });
        var good = Enumerable.Range(0, 20).Select(i => Sample.Rack($"good{i}")).ToList();
        var tasks = good.ConvertAll(rack => writer.Commit(new UnitOfWork().Insert(rack)));
        var stale = writer.Commit(new UnitOfWork().Insert(Sample.Rack("bad")).Update(machine with { Version = 7 }, machine with { Version = 7, CpuCount = 1 }));
        var twice = writer.Commit(new UnitOfWork().Insert(good[3]));
        var orphan = writer.Commit(new UnitOfWork().Insert(Sample.Rack("bad")).Insert(Sample.Machine(Sample.Rack())));
        var lastGood = writer.Commit(new UnitOfWork().Insert(Sample.Rack("last")));
        held.Release();

        await Should.ThrowAsync<ConcurrencyException>(() => stale);
        await Should.ThrowAsync<UniqueException>(() => twice);
        await Should.ThrowAsync<ReferenceException>(() => orphan);
        (await Task.WhenAll(tasks)).ShouldBe(Enumerable.Range(3, 20).Select(i => (long)i));
        (await lastGood).ShouldBe(23);
        faults.Batches[0].ShouldBe(24);
        (await Store.Count<Rack>(Condition.Equal("Name", "bad"))).ShouldBe(0);
        (await Store.Count<Rack>()).ShouldBe(22);
        (await DenseEvents()).Count.ShouldBe(23);
        await writer.DisposeAsync();
    }

    [Fact]
    public async Task Units_given_together_share_a_transaction()
    {
        var (held, faults, listener) = (new HeldThread(), new Faults(), new Listener());
        var writer = NewWriter(new() { Thread = held, Faults = faults, Observers = [listener], BatchUnits = 4 });
        var tasks = Enumerable.Range(0, 10).Select(i => writer.Commit(new UnitOfWork().Insert(Sample.Rack($"r{i}")))).ToList();
        tasks.ShouldAllBe(task => !task.IsCompleted);
        held.Release();
        (await Task.WhenAll(tasks)).ShouldBe(Enumerable.Range(1, 10).Select(i => (long)i));
        faults.Batches.ShouldBe([4, 4, 2]);
        listener.Heard.Select(item => item.Sequence).ShouldBe(Enumerable.Range(1, 10).Select(i => (long)i));
        var stored = await Events();
        stored.Zip(listener.Heard).ShouldAllBe(pair => pair.First.Data.ToJsonString(null) == pair.Second.Data.ToJsonString(null) && pair.First.ResourceId == pair.Second.ResourceId);
    }

    [Fact]
    public async Task Numbers_are_dense_and_in_commit_order_under_concurrency()
    {
        var machine = await AddMachine();
        var heard = new Listener();
        var writer = NewWriter(new() { Observers = [heard] });
        var failed = 0;
        await Task.WhenAll(Enumerable.Range(0, 16).Select(caller => Task.Run(async () =>
        {
            long last = 0;
            for (var i = 0; i < 25; i++)
            {
                try
                {
                    var unit = new UnitOfWork { OperationId = Sample.NewId() }.Insert(Sample.Rack($"{caller}-{i}"));
                    if (i % 5 == 4)
                        unit.Update(machine with { Version = 99 }, machine with { Version = 99, CpuCount = 100 + i });
                    if (i % 3 == 0)
                        unit.Observe(machine, machine with { State = (MachineState)(i % 2 + 1), ObservedSequence = caller * 100 + i });
                    var sequence = await writer.Commit(unit);
                    sequence.ShouldBeGreaterThan(last);
                    last = sequence;
                }
                catch (ConcurrencyException)
                {
                    Interlocked.Increment(ref failed);
                }
            }
        })));
        failed.ShouldBe(16 * 5);
        var events = await DenseEvents();
        heard.Heard.Select(item => item.Sequence).ShouldBe(events.Skip(2).Select(item => item.Sequence));
        events.Count(item => item.Type == "rack.created").ShouldBe(1 + 16 * 20);
    }

    [Fact]
    public async Task Events_tell_what_changed_and_nothing_hidden()
    {
        var rack = await AddRack();
        var operation = Sample.NewId();
        var machine = Sample.Machine(rack) with { Password = "hunter2", Intent = "plan", Slots = [new(1, MachineState.Running)] };
        await Writer.Commit(new UnitOfWork { OperationId = operation }.Insert(machine));
        var changed = machine with { CpuCount = 2, Password = "hunter3", Intent = "other", Serial = "s", UpdatedAt = machine.UpdatedAt.AddSeconds(1) };
        await Writer.Commit(new UnitOfWork().Update(machine, changed));
        changed = changed with { Version = 2 };
        await Writer.Commit(new UnitOfWork().Update(changed, changed with { Password = "hunter4" }));
        changed = changed with { Version = 3 };
        await Writer.Commit(new UnitOfWork().Observe(changed, changed with { ObservedSequence = 5 }));
        await Writer.Commit(new UnitOfWork().Delete(changed).Publish(new EventDraft("machine.gone", "machine", machine.Id, machine.ProjectId, null, Sample.Start, new JsonObject { ["why"] = "test" })));

        var events = (await DenseEvents()).Where(item => item.ResourceId == machine.Id).ToList();
        events.Select(item => item.Type).ShouldBe(["machine.created", "machine.updated", "machine.updated", "machine.deleted", "machine.gone"]);
        events[0].OperationId.ShouldBe(operation);
        events[0].ProjectId.ShouldBe(machine.ProjectId);
        events[0].Data.Select(pair => pair.Key).ShouldBe(Sample.Models.Table<Machine>().Columns.Where(column => column.Public).Select(column => column.JsonName));
        events[0].Data.ContainsKey("password").ShouldBeFalse();
        events[0].Data["cpuCount"]!.GetValue<int>().ShouldBe(4);
        events[0].Data["createdAt"]!.GetValue<string>().ShouldBe("2026-01-31T12:00:00Z");
        events[0].Data["slots"]!.ToJsonString().ShouldBe("""[{"number":1,"state":"running","holds":null}]""");
        events[1].Data.Select(pair => pair.Key).Order(StringComparer.Ordinal).ShouldBe(["cpuCount", "serial", "updatedAt", "version"]);
        events[2].Data.Select(pair => pair.Key).ShouldBe(["version"]);
        events[3].Data.Count.ShouldBe(0);
        events.ShouldAllBe(item => !item.Data.ToJsonString(null).Contains("hunter"));
    }

    [Fact]
    public async Task A_newer_generation_fences_the_older_writer()
    {
        FencedException? told = null;
        var old = NewWriter(new() { Fenced = error => told = error });
        await old.Commit(new UnitOfWork().Insert(Sample.Rack()));
        var newer = NewWriter();
        await Should.ThrowAsync<FencedException>(() => old.Commit(new UnitOfWork().Insert(Sample.Rack("late"))));
        await Poll.Until("the fence is told", () => Task.FromResult(Volatile.Read(ref told) is not null));
        await Should.ThrowAsync<FencedException>(() => old.Commit(new UnitOfWork().Insert(Sample.Rack("later"))));
        await newer.Commit(new UnitOfWork().Insert(Sample.Rack("new")));
        (await Store.List<Rack>()).Select(rack => rack.Name).Order().ShouldBe(["new", "rack"]);
        await DenseEvents();
    }

    [Fact]
    public async Task Generations_only_grow_and_another_member_is_fenced_too()
    {
        var other = Nssv.Kernel.Ownership.MemberFence.Acquire(Database, Sample.NewId(), TimeProvider.System);
        var mine = Nssv.Kernel.Ownership.MemberFence.Acquire(Database, Sample.Manager, TimeProvider.System);
        mine.Generation.ShouldBeGreaterThan(other.Generation);
        var writer = Opened(new Writer(Database, other));
        await Should.ThrowAsync<FencedException>(() => writer.Commit(new UnitOfWork().Insert(Sample.Rack())));
    }

    [Fact]
    public async Task What_is_queued_is_committed_before_the_writer_ends()
    {
        var writer = NewWriter();
        var tasks = Enumerable.Range(0, 50).Select(i => writer.Commit(new UnitOfWork().Insert(Sample.Rack($"r{i}")))).ToList();
        await writer.DisposeAsync();
        await Task.WhenAll(tasks);
        (await Store.Count<Rack>()).ShouldBe(50);
        (await Should.ThrowAsync<Nssv.Kernel.ProblemException>(() => writer.Commit(new UnitOfWork().Insert(Sample.Rack())))).Problem.Code.ShouldBe("unavailable");
    }

    [Fact]
    public void A_wrong_unit_is_refused_before_it_is_queued()
    {
        var (one, two) = (Sample.Rack(), Sample.Rack());
        Should.Throw<ArgumentException>(() => Writer.Commit(new UnitOfWork().Update(one, two)));
        Should.Throw<ArgumentException>(() => Writer.Commit(new UnitOfWork().Insert("no row")));
        Should.Throw<ArgumentException>(() => Writer.Commit(new UnitOfWork().Execute("racks", "DELETE FROM racks WHERE id = @p0", null, new object())));
        Should.Throw<ArgumentException>(() => Writer.Commit(new UnitOfWork().Insert(one with { Name = null! })));
    }
}

[Trait("group", "data")]
public sealed class SqliteWriterTests : WriterTests
{
    protected override Task<ITestDatabase> Make() => Task.FromResult<ITestDatabase>(new SqliteFile());
}

[Trait("group", "data")]
public sealed class PostgresWriterTests(PostgresServer server) : WriterTests
{
    protected override async Task<ITestDatabase> Make() => new PostgresTestDatabase(await server.CreateDatabase());
}
