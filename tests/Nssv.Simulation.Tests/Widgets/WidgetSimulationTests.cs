using Nssv.Simulation.Tests.Invariants;
using Nssv.Simulation.Tests.World;
using Shouldly;
using Xunit;

namespace Nssv.Simulation.Tests.Widgets;

/// <summary>The kernel and the agent's protocol under faults, with resources that exist for this alone.</summary>
[Trait("group", "simulation")]
public sealed class WidgetSimulationTests(ITestOutputHelper output)
{
    [Fact]
    public void Every_operation_ends_whatever_goes_wrong()
    {
        if (Seeds.Chosen is { } chosen)
        {
            Seeds.Check([Seeds.OnThisThread(() => WidgetRun.Random(chosen, verbose: true))]);
            return;
        }

        Seeds.Check(Seeds.Failures([.. Enumerable.Range(1, Seeds.Count(500)).Select(seed => (Func<Task<RunResult>>)(() => WidgetRun.Random((ulong)seed)))], 3, Tell));
    }

    [Fact]
    public void Every_operation_ends_wherever_a_process_dies()
    {
        var calm = Seeds.OnThisThread(() => WidgetRun.Fixed(1, null));
        Seeds.Check([calm]);
        calm.Points.ShouldBeGreaterThan(200);
        Seeds.Check(Seeds.Failures([.. Enumerable.Range(0, (int)calm.Points).Select(at => (Func<Task<RunResult>>)(() => WidgetRun.Fixed(1, at)))], 3, Tell));
    }

    [Fact]
    public void Every_operation_ends_whichever_manager_has_it()
    {
        if (Seeds.Chosen is { } chosen)
        {
            Seeds.Check([Seeds.OnThisThread(() => Several(chosen, verbose: true))]);
            return;
        }

        Seeds.Check(Seeds.Failures([.. Enumerable.Range(1, Seeds.Count(2_000)).Select(seed => (Func<Task<RunResult>>)(() => Several((ulong)seed)))], 3, Tell));
    }

    /// <summary>Both reach the database, and neither can have taken over from the other: one stands aside, and everything ends while they stay apart.</summary>
    [Fact]
    public void Every_operation_ends_while_two_managers_do_not_hear_each_other()
    {
        if (Seeds.Chosen is { } chosen)
        {
            Seeds.Check([Seeds.OnThisThread(() => Apart(chosen, verbose: true))]);
            return;
        }

        Seeds.Check(Seeds.Failures([.. Enumerable.Range(1, Seeds.Count(60)).Select(seed => (Func<Task<RunResult>>)(() => Apart((ulong)seed)))], 3, Tell));
    }

    [Fact]
    public void A_long_run_with_thousands_of_operations_ends_as_a_short_one()
    {
        if (Seeds.Chosen is { } chosen)
        {
            Seeds.Check([Seeds.OnThisThread(() => Long(chosen, verbose: true))]);
            return;
        }

        Seeds.Check(Seeds.Failures([.. Enumerable.Range(1, Seeds.Count(20)).Select(seed => (Func<Task<RunResult>>)(() => Long((ulong)seed)))], 3, Tell));
    }

    private static Task<RunResult> Long(ulong seed, bool verbose = false) => WidgetRun.Random(seed, verbose: verbose, managers: 2 + (int)(seed % 2), operations: 2_000, audited: true);

    private static Task<RunResult> Apart(ulong seed, bool verbose = false) =>
        WidgetRun.Random(seed, verbose: verbose, managers: 2 + (int)(seed % 2), operations: 20, cutForGood: true);

    private static Task<RunResult> Several(ulong seed, Mutation mutation = Mutation.None, bool verbose = false) =>
        WidgetRun.Random(seed, mutation, verbose, managers: 2 + (int)(seed % 2), operations: 20);

    [Fact]
    public void The_same_seed_makes_the_same_history()
    {
        foreach (var seed in (ulong[])[7, 8, 9])
        {
            var (first, again) = (Seeds.OnThisThread(() => WidgetRun.Random(seed)), Seeds.OnThisThread(() => WidgetRun.Random(seed)));
            again.Trace.Hash.ShouldBe(first.Trace.Hash, $"seed {seed}");
            again.Steps.ShouldBe(first.Steps);
        }

        Seeds.OnThisThread(() => WidgetRun.Random(10)).Trace.Hash.ShouldNotBe(Seeds.OnThisThread(() => WidgetRun.Random(11)).Trace.Hash);
    }

    [Theory]
    [InlineData(Mutation.JournalAfterEffect, Invariant.NothingLeft)]
    [InlineData(Mutation.OldEpochsAccepted, Invariant.Superseded)]
    [InlineData(Mutation.CallsWithoutKeys, Invariant.Once)]
    internal void A_mutation_is_caught(Mutation mutation, params string[] invariants) => Caught(mutation, seed => WidgetRun.Random(seed, mutation), seed => WidgetRun.Random(seed), invariants);

    [Fact]
    public void An_audit_that_notes_how_far_it_is_before_what_it_found_is_caught() => Caught(
        Mutation.AuditPlaceFirst, seed => WidgetRun.Random(seed, Mutation.AuditPlaceFirst, audited: true), seed => WidgetRun.Random(seed, audited: true), [Invariant.Audit]);

    [Theory]
    [InlineData(Mutation.NoMemberLock, 340UL, Invariant.Turns, Invariant.Events, Invariant.Ended, Invariant.Once, Invariant.NothingLeft, Invariant.Claims)]
    [InlineData(Mutation.NoAskBeforeAct, 1UL, Invariant.Superseded, Invariant.Once, Invariant.NothingLeft)]
    [InlineData(Mutation.HighestSeenEpoch, 1UL, Invariant.Superseded)]
    [InlineData(Mutation.SelfStopAfterLease, 510UL, Invariant.Turns)]
    [InlineData(Mutation.EventsNumberedAtInsert, 1UL, Invariant.Events)]
    internal void A_mutation_of_several_managers_is_caught(Mutation mutation, ulong from, params string[] invariants) =>
        Caught(mutation, seed => Several(seed, mutation), seed => Several(seed), invariants, from);

    /// <summary>Some seed breaks one of the invariants with the mutation, and none without it.</summary>
    /// <param name="from">Where the search begins: which seed is the first moves with every draw of chance, and some mutations are seen by few.</param>
    private void Caught(Mutation mutation, Func<ulong, Task<RunResult>> mutated, Func<ulong, Task<RunResult>> sound, string[] invariants, ulong from = 1)
    {
        for (var seed = from; seed < from + 3_000; seed++)
        {
            var chosen = seed;
            var result = Seeds.OnThisThread(() => mutated(chosen));
            if (result.Findings.All.FirstOrDefault(finding => invariants.Contains(finding.Invariant)) is { Invariant: { } broken })
            {
                Seeds.Check([Seeds.OnThisThread(() => sound(chosen))]);
                Tell($"{mutation} is caught by seed {seed}: {broken}");
                return;
            }
        }

        Assert.Fail($"no seed notices {mutation}");
    }

    private void Tell(string line)
    {
        output.WriteLine(line);
        Console.WriteLine(line);
    }
}
