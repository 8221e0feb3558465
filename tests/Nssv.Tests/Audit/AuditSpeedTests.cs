using System.Diagnostics;
using Nssv.Kernel.Audit;
using Nssv.Kernel.Data;
using Nssv.Tests.Data;
using Shouldly;
using Xunit;

namespace Nssv.Tests.Audit;

/// <summary>What the audit costs beside the work it is about. Run by hand: <c>-class '*AuditSpeedTests' -explicit only</c>.</summary>
public abstract class AuditSpeedTests(ITestOutputHelper output) : AuditBed
{
    private const int Operations = 20_000;

    [Fact(Explicit = true)]
    public async Task Writing_and_verifying()
    {
        foreach (var part in Enumerable.Range(0, Operations).Chunk(200))
            await Task.WhenAll(part.Select(_ => Accept(new UnitOfWork().Insert(Hall("hall")).Insert(Hall("other")).Insert(Hall("third")), ended: true)));

        var (clock, cpu) = (Stopwatch.StartNew(), Environment.CpuUsage.TotalTime);
        await CatchUp(Recorder());
        var (took, used) = (clock.Elapsed, Environment.CpuUsage.TotalTime - cpu);
        output.WriteLine($"writing: {Operations / took.TotalSeconds:0} entries/s, {used.TotalMilliseconds * 1_000 / Operations:0} µs CPU an entry");

        (clock, cpu) = (Stopwatch.StartNew(), Environment.CpuUsage.TotalTime);
        (await Verify()).Entries.ShouldBe(Operations);
        output.WriteLine($"verifying: {Operations / clock.Elapsed.TotalSeconds:0} entries/s, {(Environment.CpuUsage.TotalTime - cpu).TotalMilliseconds * 1_000 / Operations:0} µs CPU an entry");
    }
}

[Trait("group", "data")]
public sealed class SqliteAuditSpeedTests(ITestOutputHelper output) : AuditSpeedTests(output)
{
    protected override async Task<ITestDatabase> Make() => await Task.FromResult(new SqliteFile());
}

[Trait("group", "data")]
public sealed class PostgresAuditSpeedTests(ITestOutputHelper output, PostgresServer server) : AuditSpeedTests(output)
{
    protected override async Task<ITestDatabase> Make() => new PostgresTestDatabase(await server.CreateDatabase());
}
