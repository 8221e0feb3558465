using Nssv.Kernel.Audit;
using Nssv.Kernel.Data;
using Nssv.Kernel.Retention;
using Nssv.Tests.Data;
using Shouldly;
using Xunit;

namespace Nssv.Tests.Audit;

/// <summary>Whatever is done to the rows from outside is found, and the first bad one is named.</summary>
public abstract class AuditVerificationTests : AuditBed
{
    [Theory]
    [InlineData("UPDATE audit_entries SET account_name = 'somebody' WHERE sequence = 4", 4, AuditFault.Changed)]
    [InlineData("UPDATE audit_entries SET client_address = NULL WHERE sequence = 1", 1, AuditFault.Changed)]
    [InlineData("UPDATE audit_entries SET result = 'refused' WHERE sequence = 6", 6, AuditFault.Changed)]
    [InlineData("UPDATE audit_entries SET ended_at = ended_at + 1 WHERE sequence = 2", 2, AuditFault.Changed)]
    [InlineData("UPDATE audit_entries SET details = '{}' WHERE sequence = 3", 3, AuditFault.Changed)]
    [InlineData("UPDATE audit_entries SET hash = previous_hash WHERE sequence = 3", 3, AuditFault.Changed)]
    [InlineData("DELETE FROM audit_entries WHERE sequence = 1", 1, AuditFault.Removed)]
    [InlineData("DELETE FROM audit_entries WHERE sequence = 4", 4, AuditFault.Removed)]
    [InlineData("DELETE FROM audit_entries WHERE sequence >= 5", 5, AuditFault.Removed)]
    [InlineData("DELETE FROM audit_entries", 1, AuditFault.Removed)]
    public async Task What_was_changed_or_removed_is_found(string sql, long sequence, AuditFault fault)
    {
        await Chained(6);
        await Tamper(sql);

        var report = await Verify();
        report.Valid.ShouldBeFalse();
        (report.FirstBad!.Sequence, report.FirstBad.Fault).ShouldBe((sequence, fault));
        report.Entries.ShouldBe(sequence - 1);
        report.FirstBad.Id.HasValue.ShouldBe(fault == AuditFault.Changed);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(7)]
    public async Task A_row_that_was_inserted_at_either_end_is_found(long sequence)
    {
        await Chained(6);
        var like = (await Entries())[0];
        var forged = like with { Id = Sample.NewId(), Sequence = sequence };
        forged = forged with { Hash = new AuditLine().HashOf(forged) };
        await Commits.Commit(new UnitOfWork().Insert(forged));

        var report = await Verify();
        (report.FirstBad!.Sequence, report.FirstBad.Id, report.FirstBad.Fault).ShouldBe((sequence, forged.Id, AuditFault.Inserted));
    }

    [Fact]
    public async Task A_row_that_was_inserted_in_the_middle_with_hashes_of_its_own_is_found()
    {
        await Chained(6);
        var entries = await Entries();
        await Tamper("UPDATE audit_entries SET sequence = sequence + 1000 WHERE sequence > 3");
        await Tamper("UPDATE audit_entries SET sequence = sequence - 999 WHERE sequence > 1000");
        var forged = entries[3] with { Id = Sample.NewId(), Sequence = 4, AccountName = "innocent", PreviousHash = entries[2].Hash };
        await Commits.Commit(new UnitOfWork().Insert(forged with { Hash = new AuditLine().HashOf(forged) }));

        // It fits where it stands; the one after it was written for another place.
        var report = await Verify();
        (report.FirstBad!.Sequence, report.FirstBad.Fault).ShouldBe((5L, AuditFault.Changed));
    }

    [Fact]
    public async Task Rows_that_changed_places_are_found_also_with_hashes_made_anew()
    {
        await Chained(6);
        var (third, fourth) = ((await Entries())[2], (await Entries())[3]);
        await Tamper("DELETE FROM audit_entries WHERE sequence IN (3, 4)");
        var (first, second) = (Sealed(fourth with { Sequence = 3 }), Sealed(third with { Sequence = 4 }));
        await Commits.Commit(new UnitOfWork().Insert(first).Insert(second));

        var report = await Verify();
        (report.FirstBad!.Sequence, report.FirstBad.Fault).ShouldBe((3L, AuditFault.Moved));
    }

    [Fact]
    public async Task A_tail_that_was_written_anew_as_a_whole_is_found_by_the_head()
    {
        await Chained(6);
        var last = (await Entries())[5];
        await Tamper("DELETE FROM audit_entries WHERE sequence = 6");
        await Commits.Commit(new UnitOfWork().Insert(Sealed(last with { AccountName = "innocent" })));

        var report = await Verify();
        (report.FirstBad!.Sequence, report.FirstBad.Fault).ShouldBe((6L, AuditFault.Changed));
    }

    [Fact]
    public async Task Retention_removes_the_beginning_and_the_rest_is_still_good()
    {
        await Chained(6);
        Time.Advance(TimeSpan.FromDays(2));
        await Notes(2);
        var recorder = Recorder();
        await CatchUp(recorder);

        (await Sweep().Run(KeepFor.Days(1), default)).ShouldBe(0, "it is announced first");
        (await Sweep().Run(KeepFor.Days(1), default)).ShouldBe(0, "and not removed before that is in the chain");
        await CatchUp(recorder);
        (await Verify()).Valid.ShouldBeTrue();
        (await Sweep().Run(KeepFor.Days(1), default)).ShouldBe(6);

        var entries = await Entries();
        entries.Select(entry => entry.Sequence).ShouldBe([7, 8, .. entries.Skip(2).Select(entry => entry.Sequence)]);
        entries.Skip(2).ShouldAllBe(entry => entry.Action == AuditSweep.Action);
        var report = await Verify();
        (report.Valid, report.FirstSequence).ShouldBe((true, 7));
        (await Sweep().Run(KeepFor.Days(1), default)).ShouldBe(0);

        await Notes(1);
        await CatchUp(recorder);
        (await Verify()).Valid.ShouldBeTrue();
    }

    [Fact]
    public async Task A_beginning_that_somebody_else_removed_is_found_also_with_the_head_made_to_fit()
    {
        await Chained(6);
        var third = (await Entries())[2];
        await Tamper("DELETE FROM audit_entries WHERE sequence <= 3");
        await Tamper("UPDATE audit_head SET first_sequence = 4, anchor_hash = @p0 WHERE id = 1", third.Hash);

        var report = await Verify();
        (report.FirstBad!.Sequence, report.FirstBad.Fault).ShouldBe((3L, AuditFault.Removed));
    }

    [Fact]
    public async Task More_than_retention_announced_is_found()
    {
        await Chained(6);
        await Sweep().Run(KeepFor.Newest(4), default);
        await CatchUp(Recorder());
        (await Sweep().Run(KeepFor.Newest(4), default)).ShouldBe(2);
        (await Verify()).Valid.ShouldBeTrue();
        var third = (await Entries()).Single(entry => entry.Sequence == 3);
        await Tamper("DELETE FROM audit_entries WHERE sequence = 3");
        (await Verify()).FirstBad!.Fault.ShouldBe(AuditFault.Removed);
        await Tamper("UPDATE audit_head SET first_sequence = 4, anchor_hash = @p0 WHERE id = 1", third.Hash);
        (await Verify()).FirstBad!.Fault.ShouldBe(AuditFault.Removed);
    }

    [Fact]
    public async Task An_empty_audit_is_good_and_entries_written_meanwhile_do_not_disturb()
    {
        (await Verify()).Valid.ShouldBeTrue();
        await Chained(30);
        var recorder = Recorder();
        for (var i = 0; i < 10; i++)
        {
            await Notes(5);
            var (verified, written) = (Verify(), CatchUp(recorder));
            (await verified).Valid.ShouldBeTrue();
            await written;
        }
        (await Verify()).Entries.ShouldBe(80);
    }

    private static AuditEntry Sealed(AuditEntry entry) => entry with { Hash = new AuditLine().HashOf(entry) };
}

[Trait("group", "data")]
public sealed class SqliteAuditVerificationTests : AuditVerificationTests
{
    protected override async Task<ITestDatabase> Make() => await Task.FromResult(new SqliteFile());
}

[Trait("group", "data")]
public sealed class PostgresAuditVerificationTests(PostgresServer server) : AuditVerificationTests
{
    protected override async Task<ITestDatabase> Make() => new PostgresTestDatabase(await server.CreateDatabase());
}
