using System.Diagnostics;
using Nssv.Kernel.Data;
using Shouldly;
using Xunit;

namespace Nssv.Tests.Data;

/// <summary>Figures for those who change the data layer; run by name with <c>-explicit on</c>.</summary>
public abstract class SpeedTests(ITestOutputHelper output) : DatabaseTest
{
    [Fact(Explicit = true)]
    public async Task Units_and_reads_a_second()
    {
        var rack = await AddRack();
        await Load("warm-up", 1);
        await Load("3 lines and a rack with its event", 5);
        var reads = 0;
        var clock = Stopwatch.StartNew();
        while (clock.ElapsedMilliseconds < 2000)
        {
            for (var i = 0; i < 500; i++, reads++)
                (await Store.Find<Rack>(rack.Id)).ShouldNotBeNull();
        }
        output.WriteLine($"find by id, one caller: {reads / clock.Elapsed.TotalSeconds:0}/s");
    }

    private async Task Load(string what, int seconds)
    {
        var (faults, times) = (new Faults(), new List<double>());
        await using var writer = new Writer(Database, Kernel.Ownership.MemberFence.Acquire(Database, Sample.Manager, TimeProvider.System), new() { Faults = faults });
        var clock = Stopwatch.StartNew();
        var cpu = Process.GetCurrentProcess().TotalProcessorTime;
        await Task.WhenAll(Enumerable.Range(0, 64).Select(_ => Task.Run(async () =>
        {
            var own = new List<double>();
            while (clock.Elapsed.TotalSeconds < seconds)
            {
                var (owner, from) = (Sample.NewId().ToString(), clock.Elapsed.TotalMilliseconds);
                await writer.Commit(new UnitOfWork().Insert(Sample.Rack(owner)).Insert(Sample.Line(owner)).Insert(Sample.Line(owner)).Insert(Sample.Line(owner)));
                own.Add(clock.Elapsed.TotalMilliseconds - from);
            }
            lock (times)
                times.AddRange(own);
        })));
        var elapsed = clock.Elapsed.TotalSeconds;
        times.Sort();
        output.WriteLine($"{what}: {times.Count / elapsed:0} units/s, p50 {times[times.Count / 2]:0.0} p99 {times[times.Count * 99 / 100]:0.0} max {times[^1]:0.0} ms, {faults.Batches.Average():0.0} units a batch, {(Process.GetCurrentProcess().TotalProcessorTime - cpu).TotalMilliseconds / times.Count:0.00} CPU-ms a unit");
    }
}

public sealed class SqliteSpeedTests(ITestOutputHelper output) : SpeedTests(output)
{
    protected override Task<ITestDatabase> Make() => Task.FromResult<ITestDatabase>(new SqliteFile());
}

public sealed class PostgresSpeedTests(PostgresServer server, ITestOutputHelper output) : SpeedTests(output)
{
    protected override async Task<ITestDatabase> Make() => new PostgresTestDatabase(await server.CreateDatabase());
}
