using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging.Abstractions;
using Nssv.Contracts.Inventory;
using Nssv.Contracts.Network;
using Nssv.Kernel;
using Nssv.Kernel.Calls;
using Nssv.Kernel.Cascade;
using Nssv.Kernel.Data;
using Nssv.Kernel.Operations;
using Nssv.Tests.Server;
using Nssv.Tests.Services;
using Shouldly;
using Xunit;

namespace Nssv.Tests.Cascade;

/// <summary>Hooks and guards in the whole: one that does not answer keeps everything, and what one adds goes in its place.</summary>
public sealed class CascadeHookTests : IAsyncLifetime
{
    private readonly Watchful _watchful = new();
    private readonly Keeper _keeper = new();
    private readonly ServiceBed _bed;
    private Id _center;
    private Id _cluster;

    public CascadeHookTests() =>
        _bed = new(more: services => services.AddSingleton<ICascadeHook>(_watchful).AddSingleton<IDeletionGuard>(_keeper));

    public async ValueTask InitializeAsync()
    {
        (_center, _cluster) = await _bed.Cluster();
        await _bed.Do(new CreateHost { Id = ServiceBed.NewId(), Name = "host", ClusterId = _cluster, Address = "192.0.2.1" });
    }

    public ValueTask DisposeAsync() => _bed.DisposeAsync();

    [Fact]
    public async Task A_hook_that_throws_refuses_the_plan_by_its_name_and_nothing_is_changed()
    {
        _watchful.Finds = _ => throw new InvalidOperationException("it does not know");
        await Refuses(new DeleteDataCenter(_center) { Cascade = true }, "cascade-refused", "Watchful could not say whether each cluster may go.");
        await Refuses(new DeleteCluster(_cluster) { Cascade = true }, null, "");
    }

    [Fact]
    public async Task A_hook_that_does_not_answer_in_time_stands_in_the_way_as_well()
    {
        _watchful.Waits = () => Task.Delay(Timeout.Infinite, TestContext.Current.CancellationToken);
        // Its ten seconds pass at once.
        var hooks = new CascadeHooks([_watchful], [], new ManualTime(DateTimeOffset.UnixEpoch, haste: 1_000), NullLogger<CascadeHooks>.Instance);
        var (target, row) = (new CascadeRow("data-center", _center, "dc", []), new CascadeRow("cluster", _cluster, "cluster", []));
        var found = await hooks.Ask(new(target, [row], [], [], 0), _bed.Store, _ => true);
        found.Hindrances.ShouldHaveSingleItem().Because.ShouldBe("Watchful could not say whether each cluster may go.");
    }

    [Fact]
    public async Task A_guard_that_throws_keeps_its_kind_with_cascade_and_without()
    {
        var empty = ServiceBed.NewId();
        await _bed.Do(new CreateCluster { Id = empty, Name = "empty", DataCenterId = _center });
        _keeper.Keeps = _ => throw new InvalidOperationException("it does not know");
        await Refuses(new DeleteDataCenter(_center) { Cascade = true }, "cascade-refused", "Keeper could not say whether each cluster may go.");
        await Refuses(new DeleteCluster(empty), "deletion-refused", "Keeper could not say whether each cluster may go.");
    }

    [Fact]
    public async Task A_hook_that_fails_while_a_deletion_runs_stops_it_and_the_rest_stays()
    {
        _bed.BeforeCommit = unit =>
        {
            if (unit.Changes.Any(change => change is Change.Delete { Row: Host }))
                _watchful.Finds = _ => throw new InvalidOperationException("it does not know any more");
            return Task.CompletedTask;
        };
        _bed.AfterCommit = async unit =>
        {
            // Something came in, so that it must look again.
            if (unit.Changes.Any(change => change is Change.Delete { Row: Host }))
                await _bed.Do(new CreateHost { Id = ServiceBed.NewId(), Name = "late", ClusterId = _cluster, Address = "192.0.2.2" });
        };
        var operation = await _bed.Run(new DeleteDataCenter(_center) { Cascade = true });
        (operation.State, operation.Error!.Code).ShouldBe((OperationState.Failed, "cascade-stopped"));
        operation.Error.Detail!.ShouldContain("Watchful could not say whether each cluster may go.");
        (await _bed.Store.List<Host>()).ShouldHaveSingleItem().Name.ShouldBe("late");
        (await _bed.Store.Find<Cluster>(_cluster)).ShouldNotBeNull();

        (_watchful.Finds, _bed.BeforeCommit, _bed.AfterCommit) = (_ => CascadeFindings.None, _ => Task.CompletedTask, _ => Task.CompletedTask);
        await _bed.Do(new DeleteDataCenter(_center) { Cascade = true });
        (await _bed.Store.Count<DataCenter>()).ShouldBe(0);
    }

    [Fact]
    public async Task What_a_hook_adds_is_in_the_plan_with_its_dependents_before_what_it_refers_to_and_goes()
    {
        var (other, twin, network) = (ServiceBed.NewId(), ServiceBed.NewId(), ServiceBed.NewId());
        await _bed.Do(new CreateDataCenter { Id = other, Name = "other" });
        await _bed.Do(new CreateCluster { Id = twin, Name = "twin", DataCenterId = other });
        await _bed.Do(new CreateHost { Id = ServiceBed.NewId(), Name = "twin-net", ClusterId = twin, Address = "192.0.2.3" });
        await _bed.Do(new CreatePortGroup { Id = network, Name = "twin-net", DataCenterId = other });
        _watchful.Finds = look => new()
        {
            Also = look.Ids.Contains(twin) ? [new("port-group", network, "the twin's network")] : [new("cluster", twin, "the twin of the cluster"), new("cluster", ServiceBed.NewId(), "it is gone already")],
        };

        var plan = await DryRun(new DeleteDataCenter(_center) { Cascade = true });
        plan.Refused.ShouldBeFalse();
        plan.Steps.Select(step => (step.Kind, step.Count)).ShouldBe([("port-group", 1), ("host", 2), ("cluster", 2), ("data-center", 1)]);
        plan.Steps.Single(step => step.Kind == "cluster").Resources.Select(row => row.Id).ShouldBe([_cluster, twin], ignoreOrder: true);
        _watchful.Asked.ShouldBe([[_cluster], [_cluster, twin], [_cluster, twin]], "until nothing more is added");

        var operation = await _bed.Do(new DeleteDataCenter(_center) { Cascade = true });

        (await _bed.Store.List<DataCenter>()).ShouldHaveSingleItem().Id.ShouldBe(other);
        (await _bed.Store.Count<Cluster>() + await _bed.Store.Count<Host>() + await _bed.Store.Count<PortGroup>()).ShouldBe(0);
        (await _bed.Store.List<Operation>(Condition.Equal(nameof(Operation.ParentId), operation.Id))).CountBy(child => child.Kind).ShouldBe(
            [new("port-group.delete", 1), new("host.delete", 2), new("cluster.delete", 2), new("data-center.delete", 1)], ignoreOrder: true);
    }

    /// <summary>An operation claims what is inside of its target, never what is beside it: better refused than stopped half-way.</summary>
    [Fact]
    public async Task What_a_hook_adds_beside_the_target_is_refused_before_anything_goes()
    {
        var other = ServiceBed.NewId();
        await _bed.Do(new CreateDataCenter { Id = other, Name = "other" });
        _watchful.Finds = _ => new() { Also = [new("data-center", other, "the clusters are twins")] };
        await Refuses(new DeleteDataCenter(_center) { Cascade = true }, "cascade-refused", $"data-center 'other' ({other}) would go as well (the clusters are twins)");
    }

    [Fact]
    public async Task A_hook_that_adds_what_is_no_kind_is_named_and_nothing_goes()
    {
        _watchful.Finds = _ => new() { Also = [new("cluster-twin", ServiceBed.NewId(), "the clusters are twins"), new("cluster-twin", ServiceBed.NewId(), "the clusters are twins")] };
        await Refuses(new DeleteDataCenter(_center) { Cascade = true }, "cascade-refused", "Watchful adds a 'cluster-twin' to what goes, which is no kind of resource.");
    }

    /// <param name="code">Null: it is not refused.</param>
    private async Task Refuses(DeleteRequest request, string? code, string why)
    {
        var before = await Rows();
        if (code is null)
        {
            (await DryRun(request)).Refused.ShouldBeFalse("a hook is not asked about the target itself");
            return;
        }

        var problem = await _bed.Refused(request);
        (problem.Status, problem.Code).ShouldBe((409, code));
        problem.Detail!.ShouldContain(why);
        var plan = await DryRun(request with { Cascade = true });
        (plan.Refused, plan.HindranceCount).ShouldBe((true, 1));
        plan.Hindrances.ShouldHaveSingleItem().Because.ShouldContain(why);
        (await Rows()).ShouldBe(before);
    }

    private async Task<(long, long, long, long)> Rows() =>
        (await _bed.Store.Count<DataCenter>(), await _bed.Store.Count<Cluster>(), await _bed.Store.Count<Host>(), await _bed.Store.Count<Operation>());

    private async Task<CascadeDocument> DryRun(DeleteRequest request) => await _bed.Services.GetRequiredService<Cascades>().DryRun(request with { DryRun = true }, _bed.Admin, null);

    /// <summary>A full disk is waited for, as everywhere else: it is no reason to leave half of it.</summary>
    [Fact]
    public async Task A_deletion_waits_for_a_database_that_takes_nothing()
    {
        var refused = 0;
        _bed.BeforeCommit = unit => unit.Changes.Any(change => change is Change.Insert { Row: Operation { ParentId: not null } }) && Interlocked.Increment(ref refused) == 1
            ? Task.FromException(Problems.StorageFull("The test's disk is full.").AsException())
            : Task.CompletedTask;
        await _bed.Do(new DeleteDataCenter(_center) { Cascade = true });
        refused.ShouldBeGreaterThan(1);
    }

    private sealed class Watchful : ICascadeHook
    {
        public string Kind => "cluster";

        public Func<CascadeLook, CascadeFindings> Finds { get; set; } = _ => CascadeFindings.None;

        public Func<Task> Waits { get; set; } = () => Task.CompletedTask;

        public List<IReadOnlyList<Id>> Asked { get; } = [];

        public async ValueTask<CascadeFindings> Look(CascadeLook look, CancellationToken cancel)
        {
            Asked.Add([.. look.Ids]);
            await Waits();
            return Finds(look);
        }
    }

    private sealed class Keeper : IDeletionGuard
    {
        public string Kind => "cluster";

        public Func<IReadOnlyList<CascadeRow>, IReadOnlyList<CascadeHindrance>> Keeps { get; set; } = _ => [];

        public ValueTask<IReadOnlyList<CascadeHindrance>> Hindrances(IReadOnlyList<CascadeRow> rows, CancellationToken cancel) => new(Keeps(rows));
    }
}
