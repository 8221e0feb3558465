using System.Security.Cryptography;
using System.Text;
using Nssv.Contracts.Inventory;
using Nssv.Kernel;
using Nssv.Kernel.Audit;
using Nssv.Kernel.Data;
using Nssv.Kernel.Events;
using Nssv.Kernel.Operations;
using Nssv.Kernel.Ownership;
using Nssv.Kernel.Retention;
using Nssv.Tests.Data;
using Shouldly;
using Xunit;

namespace Nssv.Tests.Audit;

/// <summary>One entry for each mutation, whoever writes it and whatever is lost in between.</summary>
public abstract class AuditRecorderTests : AuditBed
{
    [Fact]
    public async Task An_operation_has_its_entry_when_it_has_ended_and_its_children_have_none()
    {
        var recorder = Recorder();
        var root = await Accept();
        var child = await Accept(parent: root);
        await CatchUp(recorder);
        (await Entries()).ShouldBeEmpty();

        await End(child);
        await CatchUp(recorder);
        (await Entries()).ShouldBeEmpty();
        await End(root, new Problem(409, "no-host-fits", "No host fits.", "None has room."));
        await CatchUp(recorder);
        await CatchUp(Recorder());

        var entry = (await Entries()).ShouldHaveSingleItem();
        (entry.Action, entry.Result, entry.ErrorCode, entry.OperationId).ShouldBe(("data-center.update", AuditResult.Failed, "no-host-fits", root.Id));
        (entry.AccountId, entry.AccountName, entry.ClientAddress).ShouldBe((Sample.Account, "admin", "192.0.2.7"));
        (entry.TargetType, entry.TargetId, entry.TargetName).ShouldBe(("data-center", root.TargetId, "hall"));
        (entry.BegunAt, entry.EndedAt - entry.BegunAt).ShouldBe((root.CreatedAt, TimeSpan.FromSeconds(10)));
        ((string?)entry.Details["error"]!["detail"]).ShouldBe("None has room.");
    }

    [Fact]
    public async Task What_was_changed_is_in_the_details_and_hidden_fields_are_not()
    {
        var hall = Hall("old");
        await Commits.Commit(new UnitOfWork().Insert(hall));
        await Accept(new UnitOfWork().Update(hall, hall with { Name = "new" }), hall.Id, ended: true);
        await CatchUp(Recorder());

        (await Entries()).ShouldHaveSingleItem().Details.ToJsonString().ShouldBe("""{"changes":{"name":"new"}}""");
    }

    [Fact]
    public async Task Entries_follow_the_order_of_commits_and_make_no_events_themselves()
    {
        var first = await Note();
        var second = await Accept(ended: true);
        var third = await Note(result: AuditResult.Refused);
        var events = (await Rows.List<Event>()).Count;
        await CatchUp(Recorder());

        var entries = await Entries();
        entries.Select(entry => entry.Sequence).ShouldBe([1, 2, 3]);
        (entries[0].Id, entries[1].OperationId, entries[2].Id).ShouldBe((first, second.Id, third));
        entries.Select(entry => entry.PreviousHash).ShouldBe([AuditHead.Nothing, entries[0].Hash, entries[1].Hash]);
        (await Rows.List<Event>()).Count.ShouldBe(events);
        (await Verify()).ShouldBe(new AuditReport(true, 3, 1, 3, entries[2].Hash, null));
    }

    [Fact]
    public async Task Whoever_has_a_line_can_check_it_without_us()
    {
        await Chained(2);
        foreach (var entry in await Entries())
        {
            var line = Encoding.UTF8.GetString(new AuditLine().Of(entry).Span);
            var hash = $",\"hash\":\"{entry.Hash}\"";
            line.ShouldEndWith(hash + "}");
            Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(line.Replace(hash, "", StringComparison.Ordinal)))).ShouldBe(entry.Hash);
        }
    }

    [Theory]
    [InlineData(CommitFault.Lost, false)]
    [InlineData(CommitFault.Lost, true)]
    [InlineData(CommitFault.Crash, false)]
    [InlineData(CommitFault.Crash, true)]
    public async Task Nothing_is_missed_and_nothing_is_twice_when_the_node_dies_beside_the_commit(CommitFault fault, bool after)
    {
        await Notes(5);
        await Accept(ended: true);
        var faults = new Faults { Before = after ? CommitFault.None : fault, After = after ? fault : CommitFault.None };
        var thread = new SteppedThread();
        var dying = Opened(new Writer(Main, MemberFence.Acquire(Main, Sample.Manager, Time, alone: false), new WriterOptions { Time = Time, Faults = faults, Thread = thread }));
        var commit = Recorder(dying).Advance(Hold());
        await Poll.Until("the batch was begun", () =>
        {
            thread.Run();
            return Task.FromResult(faults.Batches.Count == 1);
        });
        if (fault == CommitFault.Lost)
            await Should.ThrowAsync<OutcomeUnknownException>(() => commit);
        else
            commit.IsCompleted.ShouldBeFalse("the dead answer nobody");

        // Another node goes on.
        var next = Opened(new Writer(Main, MemberFence.Acquire(Main, Sample.NewId(), Time, alone: false), new WriterOptions { Time = Time }));
        await next.Commit(new UnitOfWork().Insert(Hall("later")));
        await CatchUp(Recorder(next));

        (await Entries()).Select(entry => entry.Sequence).ShouldBe([1, 2, 3, 4, 5, 6]);
        (await Verify()).Valid.ShouldBeTrue();
    }

    [Fact]
    public async Task Two_nodes_that_both_believe_in_their_hold_write_one_chain()
    {
        var other = Opened(new Writer(Main, MemberFence.Acquire(Main, Sample.NewId(), Time, alone: false), new WriterOptions { Time = Time }));
        AuditRecorder[] recorders = [Recorder(), Recorder(other)];
        for (var round = 0; round < 20; round++)
        {
            await Notes(3);
            await Accept(ended: true);
            await Task.WhenAll(recorders.Select(Try));
        }
        foreach (var recorder in recorders)
            await CatchUp(recorder);

        (await Entries()).Count.ShouldBe(80);
        (await Entries()).Count(entry => entry.OperationId is not null).ShouldBe(20);
        (await Verify()).ShouldSatisfyAllConditions(report => report.Valid.ShouldBeTrue(), report => report.Entries.ShouldBe(80));

        static async Task Try(AuditRecorder recorder)
        {
            try
            {
                await CatchUp(recorder);
            }
            catch (Exception e) when (e is ConcurrencyException or UniqueException)
            {
                // The other one was first: it goes on where that one stopped.
            }
        }
    }

    [Fact]
    public async Task What_was_noted_twice_under_one_id_has_one_entry()
    {
        var id = Sample.NewId();
        var now = Clock.Now(Time);
        var note = new AuditNote { Action = "operation.cancel", BegunAt = now, EndedAt = now, Result = AuditResult.Succeeded }.Draft(id, Sample.Project);
        for (var i = 0; i < 2; i++)
        {
            await Commits.Commit(new UnitOfWork().Publish(note));
            await Commits.Commit(new UnitOfWork().Publish(note));
            await CatchUp(Recorder());
        }

        (await Entries()).ShouldHaveSingleItem().Id.ShouldBe(id);
    }

    [Fact]
    public async Task Who_has_lost_the_shard_writes_nothing()
    {
        await Note();
        await Should.ThrowAsync<NotOwnerException>(() => Recorder().Advance(new ShardHold(1, static () => false)));
        (await Entries()).ShouldBeEmpty();
    }

    [Fact]
    public async Task A_long_way_is_gone_in_parts()
    {
        var unit = new UnitOfWork();
        for (var i = 0; i < 9_000; i++)
            unit.Publish(new EventDraft("test.happened", "rack", Sample.NewId(), Sample.Project, null, Time.GetUtcNow(), []));
        await Note();
        await Commits.Commit(unit);
        await Note();

        await CatchUp(Recorder());

        (await Entries()).Count.ShouldBe(2);
        (await Rows.First<AuditHead>())!.Position.ShouldBe(9_002);
    }

    [Fact]
    public async Task Retention_leaves_what_the_audit_has_not_read()
    {
        await Notes(3);
        await CatchUp(Recorder());
        var unread = await Note();
        var ended = await Accept(ended: true);
        Time.Advance(TimeSpan.FromDays(40));
        var retention = new RetentionSweep(Rows, Commits, Time, new RetentionPolicy(KeepFor.Days(30), KeepFor.Days(7)));

        await retention.Events(default);
        await retention.Operations(default);
        (await Rows.List<Event>()).Select(change => change.ResourceId).ShouldBe([unread, ended.Id]);
        await CatchUp(Recorder());
        (await Entries()).Count.ShouldBe(5);
        (await retention.Operations(default)).ShouldBe(1);
    }
}

/// <summary>Runs what was posted on the test's thread, so that a crash is over when it returns.</summary>
internal sealed class SteppedThread : IWriterThread
{
    private readonly System.Collections.Concurrent.ConcurrentQueue<Action> _work = new();

    public void Post(Action work) => _work.Enqueue(work);

    public void Run()
    {
        while (_work.TryDequeue(out var work))
            work();
    }

    public void Dispose()
    {
    }
}

[Trait("group", "data")]
public sealed class SqliteAuditRecorderTests : AuditRecorderTests
{
    protected override async Task<ITestDatabase> Make() => await Task.FromResult(new SqliteFile());
}

[Trait("group", "data")]
public sealed class PostgresAuditRecorderTests(PostgresServer server) : AuditRecorderTests
{
    protected override async Task<ITestDatabase> Make() => new PostgresTestDatabase(await server.CreateDatabase());
}
