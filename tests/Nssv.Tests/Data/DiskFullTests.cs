using Nssv.Kernel;
using Nssv.Kernel.Data;
using Nssv.Kernel.Data.Sqlite;
using Nssv.Kernel.Model;
using Shouldly;
using Xunit;

namespace Nssv.Tests.Data;

public abstract class DiskFullTests : DatabaseTest
{
    private protected SmallDisk Disk { get; } = new(8);

    [Fact]
    public async Task A_full_disk_is_said_clearly_and_the_writer_goes_on_when_there_is_space()
    {
        await OnSmallDisk();
        Disk.Fill(leaveBytes: 256 << 10);
        var acknowledged = new List<Id>();
        ProblemException? full = null;
        for (var i = 0; i < 2000 && full is null; i++)
        {
            var lines = Enumerable.Range(0, 4).Select(_ => Sample.Line("small") with { Text = new string('x', 2000) }).ToList();
            var unit = new UnitOfWork();
            lines.ForEach(line => unit.Insert(line));
            try
            {
                await Writer.Commit(unit.Insert(Sample.Rack()));
                acknowledged.AddRange(lines.Select(line => line.Id));
            }
            catch (ProblemException error)
            {
                full = error;
            }
        }
        full.ShouldNotBeNull();
        (full.Problem.Status, full.Problem.Code).ShouldBe((507, "database-full"));
        (await Store.List<JournalLine>()).Select(line => line.Id).Order().ShouldBe(acknowledged.Order());

        // Several at once are refused one by one, and reading goes on.
        var refused = Enumerable.Range(0, 5).Select(_ => Writer.Commit(Large())).ToList();
        foreach (var task in refused)
            (await Should.ThrowAsync<ProblemException>(() => task)).Problem.Code.ShouldBe("database-full");

        Disk.Free();
        await Writer.Commit(Large());
        (await Store.Count<JournalLine>()).ShouldBe(acknowledged.Count + 1);
        await DenseEvents();
    }

    private static UnitOfWork Large() => new UnitOfWork().Insert(Sample.Line("large") with { Text = new string('y', 600_000) });

    private protected virtual Task OnSmallDisk() => Task.CompletedTask;

    private protected virtual Task LeaveSmallDisk() => Task.CompletedTask;

    public override async ValueTask DisposeAsync()
    {
        GC.SuppressFinalize(this);
        await base.DisposeAsync();
        await LeaveSmallDisk();
        Disk.Dispose();
    }
}

[Trait("group", "data")]
public sealed class SqliteDiskFullTests : DiskFullTests
{
    protected override Task<ITestDatabase> Make() => Task.FromResult<ITestDatabase>(new OnDisk(Disk));

    private sealed class OnDisk(SmallDisk disk) : ITestDatabase
    {
        public Database Open(ResourceModels models) => SqliteDatabase.OpenUnlocked($"{disk.Folder}/test.db", models);

        public ValueTask DisposeAsync() => ValueTask.CompletedTask;
    }
}

[Trait("group", "data")]
public sealed class PostgresDiskFullTests(PostgresServer server) : DiskFullTests
{
    protected override async Task<ITestDatabase> Make() => new PostgresTestDatabase(await server.CreateDatabase());

    private protected override async Task OnSmallDisk()
    {
        var folder = $"{Disk.Folder}/space";
        Directory.CreateDirectory(folder);
        PostgresServer.Run("chown", "postgres:", folder);
        await server.Execute($"CREATE TABLESPACE small LOCATION '{folder}'");
        var name = ((PostgresTestDatabase)Place).Name;
        await server.Execute("ALTER TABLE journal_lines SET TABLESPACE small; ALTER TABLE journal_lines ALTER COLUMN text SET STORAGE EXTERNAL", name);
    }

    private protected override async Task LeaveSmallDisk()
    {
        await server.Execute($"DROP DATABASE {((PostgresTestDatabase)Place).Name} WITH (FORCE)");
        await server.Execute("DROP TABLESPACE small");
    }
}
