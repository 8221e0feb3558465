using Nssv.Simulation.Tests.World;
using Shouldly;
using Xunit;

namespace Nssv.Simulation.Tests.Machines;

/// <summary>The product's virtual machines under faults.</summary>
[Trait("group", "simulation")]
public sealed class MachineSimulationTests(ITestOutputHelper output)
{
    [Fact]
    public void Every_machine_is_as_asked_or_gone_whatever_goes_wrong()
    {
        if (Seeds.Chosen is { } chosen)
        {
            Seeds.Check([Seeds.OnThisThread(() => MachineRun.Random(chosen, verbose: true))]);
            return;
        }

        Seeds.Check(Seeds.Failures([.. Enumerable.Range(1, Seeds.Count(320)).Select(seed => (Func<Task<RunResult>>)(() => MachineRun.Random((ulong)seed)))], 3, Tell));
    }

    [Fact]
    public void Every_machine_is_as_asked_or_gone_wherever_a_process_dies()
    {
        if (Seeds.ChosenDeath is { } death)
        {
            Seeds.Check([Seeds.OnThisThread(() => MachineRun.Fixed(1, death, verbose: true))]);
            return;
        }

        var calm = Seeds.OnThisThread(() => MachineRun.Fixed(1, null));
        Seeds.Check([calm]);
        calm.Points.ShouldBeGreaterThan(200);
        Seeds.Check(Seeds.Failures([.. Enumerable.Range(0, (int)calm.Points).Select(at => (Func<Task<RunResult>>)(() => MachineRun.Fixed(1, at)))], 3, Tell));
    }

    [Fact]
    public void A_data_center_goes_with_all_that_is_in_it_wherever_a_process_dies() => Cascades(machines: 3, places: Seeds.Count(100));

    [Fact]
    public void Two_hundred_resources_go_with_their_data_center_wherever_a_process_dies() => Cascades(machines: 65, places: Seeds.Count(20));

    /// <param name="places">How many places to die at are tried, evenly among those there are. With 200 resources there are 3,000, an hour of them: NSSV_SEEDS=10000 tries all.</param>
    private void Cascades(int machines, int places)
    {
        if (Seeds.ChosenDeath is { } death)
        {
            Seeds.Check([Seeds.OnThisThread(() => MachineRun.Cascade(1, death, machines, verbose: true))]);
            return;
        }

        var calm = Seeds.OnThisThread(() => MachineRun.Cascade(1, null, machines));
        Seeds.Check([calm]);
        calm.Points.ShouldBeGreaterThan(60 * machines / 3);
        var every = Math.Max(1, calm.Points / places);
        Tell($"{calm.Points} places, every {every}");
        Seeds.Check(Seeds.Failures([.. Enumerable.Range(0, (int)calm.Points).Where(at => at % every == 0).Select(at => (Func<Task<RunResult>>)(() => MachineRun.Cascade(1, at, machines)))], 3, Tell));
    }

    [Fact]
    public void Every_machine_is_as_asked_or_gone_whichever_manager_has_it()
    {
        if (Seeds.Chosen is { } chosen)
        {
            Seeds.Check([Seeds.OnThisThread(() => Several(chosen, verbose: true))]);
            return;
        }

        Seeds.Check(Seeds.Failures([.. Enumerable.Range(1, Seeds.Count(75)).Select(seed => (Func<Task<RunResult>>)(() => Several((ulong)seed)))], 3, Tell));
    }

    private static Task<RunResult> Several(ulong seed, bool verbose = false) => MachineRun.Random(seed, verbose, managers: 2 + (int)(seed % 2), operations: 15);

    [Fact]
    public void What_is_deleted_with_all_that_is_in_it_goes_as_a_whole_or_says_why_whichever_manager_has_it()
    {
        if (Seeds.Chosen is { } chosen)
        {
            Seeds.Check([Seeds.OnThisThread(() => CascadeRun.Random(chosen, verbose: true))]);
            return;
        }

        Seeds.Check(Seeds.Failures([.. Enumerable.Range(1, Seeds.Count(20)).Select(seed => (Func<Task<RunResult>>)(() => CascadeRun.Random((ulong)seed)))], 3, Tell));
    }

    /// <summary>Some seed notices when a deletion is not planned again for what comes in while it runs.</summary>
    [Fact]
    public void A_deletion_that_is_planned_only_once_is_caught()
    {
        for (ulong seed = 1; seed <= 40; seed++)
        {
            var chosen = seed;
            var result = Seeds.OnThisThread(() => CascadeRun.Random(chosen, Mutation.PlannedOnce));
            if (result.Findings.All.FirstOrDefault(finding => finding.What.Contains("stopped at what goes with it", StringComparison.Ordinal)) is { What: { } what })
            {
                Seeds.Check([Seeds.OnThisThread(() => CascadeRun.Random(chosen))]);
                Tell($"{Mutation.PlannedOnce} is caught by seed {seed}: {what}");
                return;
            }
        }

        Assert.Fail($"no seed notices {Mutation.PlannedOnce}");
    }

    [Fact]
    public void The_same_seed_makes_the_same_history()
    {
        foreach (var seed in (ulong[])[3, 4])
        {
            var (first, again) = (Seeds.OnThisThread(() => MachineRun.Random(seed)), Seeds.OnThisThread(() => MachineRun.Random(seed)));
            again.Trace.Hash.ShouldBe(first.Trace.Hash, $"seed {seed}");
        }
    }

    private void Tell(string line)
    {
        output.WriteLine(line);
        Console.WriteLine(line);
    }
}
