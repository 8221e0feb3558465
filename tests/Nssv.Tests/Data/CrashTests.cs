using System.Diagnostics;
using Nssv.Kernel;
using Nssv.Kernel.Data;
using Nssv.Kernel.Data.Postgres;
using Nssv.Kernel.Data.Sqlite;
using Nssv.Kernel.Ownership;
using Shouldly;
using Xunit;

namespace Nssv.Tests.Data;

/// <summary>What was acknowledged survives kill -9 (invariant 7). A second process writes and notes each acknowledged id; it is killed in the middle of it.</summary>
public abstract class CrashTests : DatabaseTest
{
    private const string DatabaseVariable = "NSSV_TEST_CRASH_DATABASE", NotesVariable = "NSSV_TEST_CRASH_NOTES";

    private protected abstract string Address { get; }

    [Fact]
    public async Task Every_acknowledged_unit_is_there_after_kill_9()
    {
        var notes = Path.GetTempFileName();
        var acknowledged = 0;
        for (var round = 0; round < 2; round++)
        {
            var start = new ProcessStartInfo("dotnet", [typeof(CrashTests).Assembly.Location, "-class", typeof(CrashChild).FullName!, "-explicit", "only"])
            {
                RedirectStandardOutput = true,
                RedirectStandardError = true,
            };
            start.Environment[DatabaseVariable] = Address;
            start.Environment[NotesVariable] = notes;
            using var child = Process.Start(start)!;
            var output = child.StandardOutput.ReadToEndAsync();
            var goal = acknowledged + 200 + round * 137;
            await Poll.Until($"{goal} acknowledged units", () => Task.FromResult(child.HasExited || Acknowledged(notes).Count >= goal), 40);
            child.HasExited.ShouldBeFalse(child.HasExited ? await output : "");
            child.Kill();
            await child.WaitForExitAsync();
            acknowledged = Acknowledged(notes).Count;
        }

        await using var database = Place.Open(Sample.Models);
        // The server may still be at the last commit of the dead: taking its place waits for that.
        MemberFence.Acquire(database, Sample.Manager, TimeProvider.System);
        var store = new Store(database);
        var lines = (await store.List<JournalLine>()).GroupBy(line => line.Owner).ToDictionary(group => group.Key, group => group.Count());
        Acknowledged(notes).Where(id => !lines.ContainsKey(id)).ShouldBeEmpty();
        lines.Values.ShouldAllBe(count => count == 3);
        (await store.List<Rack>()).Count.ShouldBe(lines.Count);
        (await DenseEvents()).Count.ShouldBe(lines.Count);
        File.Delete(notes);
    }

    private static List<string> Acknowledged(string notes)
    {
        using var reader = new StreamReader(new FileStream(notes, FileMode.Open, FileAccess.Read, FileShare.ReadWrite));
        var text = reader.ReadToEnd();
        return [.. text[..(text.LastIndexOf('\n') + 1)].Split('\n', StringSplitOptions.RemoveEmptyEntries)];
    }

    /// <summary>The process that is killed.</summary>
    public sealed class CrashChild
    {
        [Fact(Explicit = true)]
        public async Task Writes_until_it_is_killed()
        {
            var address = Environment.GetEnvironmentVariable(DatabaseVariable);
            Assert.SkipWhen(address is null, "started by the crash tests");
            await using Database database = address.StartsWith("postgresql:", StringComparison.Ordinal) ? PostgresDatabase.Open(address, Sample.Models) : SqliteDatabase.Open(address, Sample.Models);
            var writer = new Writer(database, MemberFence.Acquire(database, Sample.Manager, TimeProvider.System));
            using var notes = new FileStream(Environment.GetEnvironmentVariable(NotesVariable)!, FileMode.Append, FileAccess.Write, FileShare.ReadWrite, bufferSize: 0);
            await Task.WhenAll(Enumerable.Range(0, 8).Select(async _ =>
            {
                while (true)
                {
                    var owner = Sample.NewId().ToString();
                    await writer.Commit(new UnitOfWork().Insert(Sample.Rack(owner)).Insert(Sample.Line(owner)).Insert(Sample.Line(owner)).Insert(Sample.Line(owner)));
                    lock (notes)
                        notes.Write(System.Text.Encoding.ASCII.GetBytes(owner + "\n"));
                }
            }));
        }
    }
}

[Trait("group", "data")]
public sealed class SqliteCrashTests : CrashTests
{
    private protected override string Address => ((SqliteFile)Place).Path;

    protected override Task<ITestDatabase> Make() => Task.FromResult<ITestDatabase>(new SqliteFile());

    [Fact]
    public async Task A_second_process_is_kept_out_while_the_first_lives()
    {
        await using (SqliteDatabase.Open(Address, Sample.Models))
            Should.Throw<InstanceLockedException>(() => SqliteDatabase.Open(Address, Sample.Models)).Message.ShouldContain(".lock");
        await using var again = SqliteDatabase.Open(Address, Sample.Models);
    }
}

[Trait("group", "data")]
public sealed class PostgresCrashTests(PostgresServer server) : CrashTests
{
    private protected override string Address => ((PostgresTestDatabase)Place).Url;

    protected override async Task<ITestDatabase> Make() => new PostgresTestDatabase(await server.CreateDatabase());
}
