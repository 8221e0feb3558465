using Nssv.Kernel;
using Nssv.Kernel.Cascade;
using Nssv.Kernel.Model;
using Shouldly;
using Xunit;

namespace Nssv.Tests.Cascade;

/// <summary>The order of a plan, on generated graphs: taken step by step, no row goes while another one refers to it.</summary>
public sealed class CascadePlannerTests
{
    private const int Kinds = 7;

    [Fact]
    public void No_row_goes_while_one_that_stays_refers_to_it()
    {
        foreach (var (seed, graph) in Enumerable.Range(1, 600).Select(seed => (seed, new Generated(seed))).Where(made => made.Item2.CanGo))
        {
            var plan = CascadePlanner.Plan(graph.Snapshot, Generated.Kind);
            var there = graph.Snapshot.Rows.Append(graph.Snapshot.Target).ToDictionary(row => row.Id);
            foreach (var step in Whole(plan))
            {
                var going = step.Select(row => row.Id).ToHashSet();
                foreach (var row in there.Values.Where(row => !going.Contains(row.Id)))
                    row.Links.ShouldNotContain(link => going.Contains(link.To), $"seed {seed}: {row.Kind} still refers to what goes");
                foreach (var id in going)
                    there.Remove(id).ShouldBeTrue($"seed {seed}: something goes twice");
            }

            there.ShouldBeEmpty($"seed {seed}");
        }
    }

    [Fact]
    public void Of_what_may_go_at_once_the_greatest_rank_goes_first()
    {
        var target = Row("k0");
        var plan = Plan(target, Row("k1", To(target)), Row("k3", To(target)), Row("k2", To(target)));
        plan.Steps.Select(step => step.Kind).ShouldBe(["k3", "k2", "k1"]);
    }

    [Fact]
    public void Of_one_kind_who_refers_goes_before_whom_it_refers_to()
    {
        var target = Row("k0");
        var parent = Row("k1", To(target));
        var child = Row("k1", To(target), To(parent, OnDelete.Refuse));
        Plan(target, parent, child).Steps.Select(step => step.Rows.Single().Id).ShouldBe([child.Id, parent.Id]);
    }

    [Fact]
    public void A_part_goes_with_what_it_is_a_part_of_and_is_not_asked_for()
    {
        var target = Row("k0");
        var machine = Row("k1", To(target));
        var disk = Row("k2", To(machine, OnDelete.Part), To(target, OnDelete.Cascade));
        var layer = Row("k3", To(disk, OnDelete.Part));
        var free = Row("k2", To(target));
        var plan = Plan(target, machine, disk, layer, free);
        plan.Steps.Select(step => (step.Kind, step.PartOf, step.Rows.Count)).ShouldBe([("k2", null, 1), ("k1", null, 1), ("k2", "k1", 1), ("k3", "k1", 1)]);
        plan.Work.ShouldBe(2);
        CascadeDocument.Of(plan).Counts.ShouldBe(new Dictionary<string, long> { ["k0"] = 1, ["k1"] = 1, ["k2"] = 2, ["k3"] = 1 });
        CascadeDocument.Of(plan).Total.ShouldBe(5);
    }

    [Fact]
    public void What_is_built_on_by_a_part_waits_for_the_whole()
    {
        var target = Row("k0");
        var machine = Row("k1", To(target));
        var copy = Row("k3", To(target));
        var layer = Row("k3", To(machine, OnDelete.Part), To(copy, OnDelete.Refuse));
        Plan(target, machine, copy, layer).Steps.Where(step => step.PartOf is null).Select(step => step.Kind).ShouldBe(["k1", "k3"]);
    }

    [Fact]
    public void A_reference_is_cleared_just_before_what_it_refers_to_goes()
    {
        var target = Row("k0");
        var (leaf, referred) = (Row("k3", To(target)), Row("k1", To(target)));
        var outside = Row("k5", To(referred, OnDelete.Detach));
        var snapshot = new CascadeSnapshot(target, [leaf, referred], [new(outside, "Other", referred.Id)], [], 0);
        var plan = CascadePlanner.Plan(snapshot, Generated.Kind);
        plan.Steps.Select(step => (step.Action, step.Kind, step.Property)).ShouldBe([(CascadeAction.Delete, "k3", null), (CascadeAction.Detach, "k5", "Other"), (CascadeAction.Delete, "k1", null)]);
        CascadeDocument.Of(plan).Counts.ContainsKey("k5").ShouldBeFalse("it stays");
    }

    [Fact]
    public void A_document_shows_the_first_few_and_counts_all()
    {
        var target = Row("k0");
        var step = CascadeDocument.Of(Plan(target, [.. Enumerable.Range(0, 10_000).Select(_ => Row("k1", To(target)))])).Steps[0];
        (step.Count, step.Resources.Count).ShouldBe((10_000, 10));
    }

    /// <summary>What really goes at one time: the rows of a step with the parts that are told after it.</summary>
    private static IEnumerable<List<CascadeRow>> Whole(CascadePlan plan)
    {
        List<CascadeRow> now = [];
        foreach (var step in plan.Steps)
        {
            if (step.PartOf is null && now.Count > 0)
            {
                yield return now;
                now = [];
            }
            now.AddRange(step.Rows);
        }
        yield return now;
        yield return [plan.Target];
    }

    private static CascadePlan Plan(CascadeRow target, params CascadeRow[] rows) => CascadePlanner.Plan(new(target, rows, [], [], 0), Generated.Kind);

    private static CascadeRow Row(string kind, params CascadeLink[] links) => new(kind, new Id(Guid.CreateVersion7()), null, links);

    private static CascadeLink To(CascadeRow row, OnDelete onDelete = OnDelete.Cascade) => new("Other", onDelete, row.Id);

    /// <summary>Rows that refer to rows of lesser kinds, any number of them, and may be parts of one.</summary>
    private sealed class Generated
    {
        public Generated(int seed)
        {
            var dice = new Random(seed);
            var target = Row("k0");
            List<CascadeRow> rows = [];
            for (var kind = 1; kind < Kinds; kind++)
            {
                var lesser = rows.Append(target).ToArray();
                var isPart = dice.Next(3) == 0;
                for (var i = dice.Next(6); i > 0; i--)
                {
                    List<CascadeLink> links = [];
                    for (var count = 1 + dice.Next(3); count > 0; count--)
                        links.Add(To(lesser[dice.Next(lesser.Length)], links.Count > 0 ? OnDelete.Refuse : isPart ? OnDelete.Part : OnDelete.Cascade));
                    rows.Add(Row($"k{kind}", [.. links]));
                }
            }

            Snapshot = new(target, [.. rows.OrderBy(_ => dice.Next())], [], [], 0);
        }

        public CascadeSnapshot Snapshot { get; }

        /// <summary>Some order exists: wholes (rows with their parts) do not refer to each other in a circle.</summary>
        public bool CanGo
        {
            get
            {
                var rows = Snapshot.Rows.ToDictionary(row => row.Id);
                CascadeRow? Owner(CascadeRow row) => row.Links.Where(link => link.OnDelete == OnDelete.Part).Select(link => link.To).FirstOrDefault() is not { IsNone: false } to ? row : rows.TryGetValue(to, out var owner) ? Owner(owner) : null;
                var left = Snapshot.Rows.Where(row => Owner(row) is not null).GroupBy(row => Owner(row)!.Id).ToDictionary(whole => whole.Key, whole => whole.SelectMany(row => row.Links)
                    .Where(link => rows.ContainsKey(link.To) && Owner(rows[link.To]) is not null).Select(link => Owner(rows[link.To])!.Id).Where(id => id != whole.Key).ToHashSet());
                while (left.Count > 0 && left.Keys.FirstOrDefault(id => left.All(other => other.Key == id || !other.Value.Contains(id))) is { IsNone: false } free)
                    left.Remove(free);
                return left.Count == 0 && !Snapshot.Rows.Any(row => Owner(row) is null && row.Links.Any(link => rows.ContainsKey(link.To) && Owner(rows[link.To]) is not null));
            }
        }

        public static CascadeKind Kind(string kind) => new(kind, kind[1], CascadeAction.Delete);
    }
}
