using System.Text.Json.Nodes;
using Nssv.Kernel;
using Nssv.Kernel.Data;
using Nssv.Kernel.Events;
using Nssv.Kernel.Operations;
using Nssv.Kernel.Ownership;
using Nssv.Kernel.Retention;
using Nssv.Server.Events;
using Nssv.Tests.Server;
using Shouldly;
using Xunit;

namespace Nssv.Tests.Data;

public abstract class RetentionTests : DatabaseTest
{
    private readonly ManualTime _time = new(Sample.Start);
    private Database _database = null!;
    private Store _store = null!;
    private Writer _writer = null!;
    private readonly Faults _units = new();
    private long _sequence;

    protected override bool WithSchema => false;

    [Fact]
    public async Task Operations_go_with_all_that_belongs_to_them_when_they_have_been_over_long_enough()
    {
        var old = await Add();
        var young = await Add();
        await End(old, after: TimeSpan.FromDays(1));
        await End(young, after: TimeSpan.FromDays(2));

        _time.Advance(TimeSpan.FromDays(30));
        (await Sweep().Operations(default)).ShouldBe(1);

        (await Left()).ShouldBe([young.Id]);
        (await _store.List<OperationStep>()).ShouldAllBe(step => step.OperationId == young.Id);
        (await _store.List<CallResult>()).ShouldHaveSingleItem().OperationId.ShouldBe(young.Id);
    }

    [Fact]
    public async Task What_has_not_ended_or_waits_for_a_host_or_a_person_is_kept_however_old()
    {
        var running = await Add();
        var attention = await Add();
        var pending = await Add();
        var ended = await Add();
        await End(attention, TimeSpan.Zero, OperationState.NeedsAttention);
        await End(pending, TimeSpan.Zero, OperationState.Failed, cleanupPending: true);
        await End(ended, TimeSpan.Zero, OperationState.Failed);

        _time.Advance(TimeSpan.FromDays(1_000));
        (await Sweep().Operations(default)).ShouldBe(1);

        (await Left()).ShouldBe([running.Id, attention.Id, pending.Id], ignoreOrder: true);
        (await _store.Count<OperationStep>(Condition.Equal(nameof(OperationStep.OperationId), running.Id))).ShouldBe(2);
    }

    [Fact]
    public async Task Children_stay_with_their_root_and_go_with_it()
    {
        var whole = await Add();
        var itsChild = await Add(whole);
        var half = await Add();
        var done = await Add(half);
        var stuck = await Add(half);
        foreach (var over in new[] { whole, itsChild, half, done })
            await End(over, TimeSpan.Zero);
        await End(stuck, TimeSpan.Zero, OperationState.NeedsAttention);

        _time.Advance(TimeSpan.FromDays(31));
        await Sweep().Operations(default);

        (await Left()).ShouldBe([half.Id, done.Id, stuck.Id], ignoreOrder: true);
    }

    [Fact]
    public async Task What_ended_lately_is_kept_although_it_was_accepted_long_ago()
    {
        var operation = await Add();
        await End(operation, after: TimeSpan.FromDays(100));
        _time.Advance(TimeSpan.FromDays(1));
        (await Sweep().Operations(default)).ShouldBe(0);
        _time.Advance(TimeSpan.FromDays(30));
        (await Sweep().Operations(default)).ShouldBe(1);
    }

    [Fact]
    public async Task A_limit_of_rows_keeps_the_newest_and_never_what_a_key_may_ask_for()
    {
        var operations = new List<Operation>();
        for (var i = 0; i < 6; i++)
        {
            operations.Add(await Add());
            await End(operations[^1], TimeSpan.Zero);
        }
        var sweep = Sweep(KeepFor.Newest(2));
        (await sweep.Operations(default)).ShouldBe(0);

        _time.Advance(TimeSpan.FromDays(2));
        (await sweep.Operations(default)).ShouldBe(4);
        (await Left()).ShouldBe([operations[4].Id, operations[5].Id], ignoreOrder: true);
    }

    [Fact]
    public async Task Many_go_in_many_small_units()
    {
        var root = await Add();
        for (var i = 0; i < 250; i++)
            await End(await Add(root), TimeSpan.Zero);
        await End(root, TimeSpan.Zero);
        _time.Advance(TimeSpan.FromDays(31));
        var before = _units.Batches.Count;
        (await Sweep().Operations(default)).ShouldBe(251);
        (_units.Batches.Count - before).ShouldBe(3);
        (await Left()).ShouldBeEmpty();
    }

    [Fact]
    public async Task Events_go_from_the_oldest_on_and_the_rest_stays_dense()
    {
        await Publish(2_500);
        _time.Advance(TimeSpan.FromDays(3));
        await Publish(10);
        _time.Advance(TimeSpan.FromDays(5));

        var before = _units.Batches.Count;
        (await Sweep().Events(default)).ShouldBe(2_500);
        (_units.Batches.Count - before).ShouldBe(3);
        (await Numbers()).ShouldBe(Enumerable.Range(2_501, 10).Select(number => (long)number));
        (await Sweep().Events(default)).ShouldBe(0);

        var log = new EventLog(new EventFeed(), _store);
        (await Should.ThrowAsync<ProblemException>(async () => await log.After(2_499, 10))).Problem.Code.ShouldBe("events-expired");
        (await log.After(2_500, 100)).Count.ShouldBe(10);
        await Publish(1);
        (await Numbers())[^1].ShouldBe(2_511);
    }

    [Fact]
    public async Task All_events_may_go_and_numbers_go_on()
    {
        await Publish(5);
        _time.Advance(TimeSpan.FromDays(8));
        (await Sweep().Events(default)).ShouldBe(5);
        (await Sweep().Events(default)).ShouldBe(0);
        await Publish(1);
        (await Numbers()).ShouldBe([6L]);
    }

    [Fact]
    public async Task A_limit_of_rows_keeps_the_newest_events()
    {
        await Publish(20);
        (await Sweep(events: KeepFor.Newest(7)).Events(default)).ShouldBe(13);
        (await Numbers()).ShouldBe(Enumerable.Range(14, 7).Select(number => (long)number));
    }

    [Theory]
    [InlineData("30 days", 720, null)]
    [InlineData("1 day", 24, null)]
    [InlineData("36 hours", 36, null)]
    [InlineData("30d", 720, null)]
    [InlineData("1d12h", 36, null)]
    [InlineData("1000000 rows", null, 1_000_000)]
    public void How_long_is_said_in_words(string text, int? hours, int? rows)
    {
        KeepFor.TryParse(text, out var keep).ShouldBeTrue();
        (keep!.Age?.TotalHours, keep.Rows).ShouldBe((hours, rows));
    }

    [Theory]
    [InlineData("")]
    [InlineData("30")]
    [InlineData("-1 days")]
    [InlineData("0 days")]
    [InlineData("1.5 days")]
    [InlineData("30 Days")]
    [InlineData("99999999999999 days")]
    [InlineData("99999999999999999999 rows")]
    [InlineData("30 days or so")]
    [InlineData("90m")]
    public void Other_words_are_refused(string text) => KeepFor.TryParse(text, out _).ShouldBeFalse();

    public override async ValueTask InitializeAsync()
    {
        await base.InitializeAsync();
        _database = Opened(Place.Open(ProductSchemaTests.Manager));
        Schema.CreateFromModel(_database);
        _store = new(_database);
        _writer = Opened(new Writer(_database, MemberFence.Acquire(_database, Sample.Manager, _time), new WriterOptions { Time = _time, Faults = _units }));
    }

    private RetentionSweep Sweep(KeepFor? operations = null, KeepFor? events = null) =>
        new(_store, _writer, _time, new RetentionPolicy(operations ?? RetentionPolicy.Default.Operations, events ?? RetentionPolicy.Default.Events));

    private async Task<Operation> Add(Operation? parent = null)
    {
        var id = Sample.NewId();
        var now = Clock.Now(_time);
        var operation = new Operation
        {
            Id = id,
            ProjectId = Sample.Project,
            CreatedBy = Sample.Account,
            CreatedAt = now,
            UpdatedAt = now,
            Version = 1,
            Kind = "test.kept",
            State = OperationState.Running,
            TargetType = "rack",
            TargetId = Sample.NewId(),
            Aspect = "all",
            AcceptedSequence = now.UtcTicks / TimeSpan.TicksPerMicrosecond + ++_sequence,
            ParentId = parent?.Id,
            ParentCall = parent is null ? null : $"0:step/{id}",
            RootId = parent?.Id ?? id,
            Context = "{}",
        };
        var unit = new UnitOfWork().Insert(operation);
        for (var step = 0; step < 2; step++)
            unit.Insert(new OperationStep { OperationId = id, StepIndex = step, Name = "test.step", State = StepState.Started, Attempt = 1 });
        await _writer.Commit(unit.Insert(new CallResult { Key = $"{id}/0", OperationId = id, Result = "{}" }));
        return operation;
    }

    private Task<long> End(Operation operation, TimeSpan after, OperationState state = OperationState.Succeeded, bool cleanupPending = false)
    {
        _time.Advance(after);
        return _writer.Commit(new UnitOfWork().Observe(operation, operation with { State = state, EndedAt = Clock.Now(_time), CleanupPending = cleanupPending }));
    }

    private async Task<IEnumerable<Id>> Left() => (await _store.List<Operation>()).Select(operation => operation.Id);

    private async Task<List<long>> Numbers() => [.. (await _store.List<Event>()).Select(item => item.Sequence)];

    private async Task Publish(int count)
    {
        var unit = new UnitOfWork();
        for (var i = 0; i < count; i++)
            unit.Publish(new EventDraft("test.happened", "rack", Sample.NewId(), Sample.Project, null, _time.GetUtcNow(), new JsonObject()));
        await _writer.Commit(unit);
    }
}

[Trait("group", "data")]
public sealed class SqliteRetentionTests : RetentionTests
{
    protected override async Task<ITestDatabase> Make() => await Task.FromResult(new SqliteFile());
}

[Trait("group", "data")]
public sealed class PostgresRetentionTests(PostgresServer server) : RetentionTests
{
    protected override async Task<ITestDatabase> Make() => new PostgresTestDatabase(await server.CreateDatabase());
}
