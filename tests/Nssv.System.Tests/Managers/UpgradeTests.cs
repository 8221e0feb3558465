using System.Diagnostics;
using Nssv.Kernel.Ownership;
using Nssv.System.Tests.Platform;
using Shouldly;
using Xunit;

namespace Nssv.System.Tests.Managers;

/// <summary>
/// Two managers go to the next level one after the other, and once back, while machines are created and deleted through both. The second build has one column and,
/// at the end of the flow that creates machines, one step more (tests/Neighbour).
/// </summary>
public sealed class UpgradeTests(TwoManagers platform) : IClassFixture<TwoManagers>
{
    private const string Step = "compute.note-create";

    [Fact]
    public async Task Managers_of_neighbouring_levels_serve_side_by_side_and_what_is_new_begins_when_the_last_one_has_it()
    {
        var newer = BuildNeighbour();

        var (before, mark) = (platform.Operations(), Mark());
        await using (var load = platform.Load())
        {
            await load.Ends(8, "both are of the older level");
            await Replace(platform.Second, newer);
            await load.Ends(16, "one is of the newer level");
            (await Levels()).ShouldBe([PlatformLevel.Current, PlatformLevel.Current + 1]);
            Columns().ShouldBe(1);

            // In the middle of the upgrade the older one dies, and comes back on a schema that it does not know.
            await platform.First.Kill();
            platform.First.Start();
            await platform.First.Ready();
            await platform.BothServe();
            await load.Ends(16, "the older one has come back");
            await platform.Adds(load, before);
        }

        Creations(mark).ShouldBe((With: 0, Notes: 0));

        (before, mark) = (platform.Operations(), Mark());
        await Stop(platform.First);
        // One that goes on running expects the older one back for a while.
        await Stop(platform.Second);
        platform.Second.Start();
        await platform.Second.Ready();
        await platform.ServesAll(platform.Second, Stopwatch.GetTimestamp(), "the newer one is alone");
        await using (var load = platform.Load())
        {
            await load.Ends(16, "the newer one is alone");
            await platform.Adds(load, before);
        }

        var alone = Creations(mark);
        alone.With.ShouldBe(Created(mark));
        alone.Notes.ShouldBeGreaterThan(0);

        mark = Mark();
        before = platform.Operations();
        platform.First.Start();
        await platform.First.Ready();
        await platform.BothServe();
        await using (var load = platform.Load())
        {
            await load.Ends(16, "the older one is back once more");
            await platform.Adds(load, before);
        }

        Creations(mark).With.ShouldBe(0);
        Created(mark).ShouldBeGreaterThan(0);

        await Replace(platform.First, newer);
        await Replace(platform.Second, newer);
        (before, mark) = (platform.Operations(), Mark());
        await using (var load = platform.Load())
        {
            await load.Ends(16, "both are of the newer level");
            await platform.Adds(load, before);
        }

        (await Levels()).ShouldBe([PlatformLevel.Current + 1, PlatformLevel.Current + 1]);
        Creations(mark).With.ShouldBe(Created(mark));
    }

    private async Task Replace(ManagerProcess manager, string build)
    {
        await Stop(manager);
        manager.Build = build;
        manager.Start();
        await manager.Ready();
        await platform.BothServe();
    }

    private async Task Stop(ManagerProcess manager)
    {
        manager.Signal(Shell.Terminate);
        await Instance.Until(() => Task.FromResult(!Shell.Runs(manager.Pid)), "the manager ends", () => Task.FromResult(platform.Logs()));
    }

    private async Task<IEnumerable<long>> Levels() => (await platform.Second.Nodes()).Select(node => node["level"]!.GetValue<long>()).Order();

    private long Columns() => platform.Postgres.Number("SELECT count(*) FROM information_schema.columns WHERE table_name = 'virtual_machines' AND column_name = 'upgrade_note'");

    /// <summary>What is accepted from now on comes after it.</summary>
    private long Mark() => platform.Postgres.Number("SELECT coalesce(max(accepted_sequence), 0) FROM operations");

    private long Created(long mark) => platform.Postgres.Number($"SELECT count(*) FROM operations WHERE kind = 'virtual-machine.create' AND accepted_sequence > {mark}");

    /// <summary>Plans since then that have the new step, and machines that it has written to.</summary>
    private (long With, long Notes) Creations(long mark) => (
        platform.Postgres.Number($"SELECT count(*) FROM operations WHERE kind = 'virtual-machine.create' AND accepted_sequence > {mark} AND plan LIKE '%{Step}%'"),
        platform.Postgres.Number("SELECT count(*) FROM virtual_machines WHERE upgrade_note IS NOT NULL"));

    private static string BuildNeighbour()
    {
        var root = new DirectoryInfo(AppContext.BaseDirectory);
        while (!File.Exists($"{root.FullName}/Nssv.slnx"))
            root = root.Parent ?? throw new InvalidOperationException("run it inside the repository");
        Shell.Do("dotnet", "build", $"{root.FullName}/src/Nssv.Server/Nssv.Server.csproj", "-p:Neighbour=true", "-c", "Release", "-v", "q", "-clp:ErrorsOnly");
        return $"{root.FullName}/artifacts/neighbour/bin/Nssv.Server/release/nssv-server.dll";
    }
}
