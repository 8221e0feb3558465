using Microsoft.Extensions.DependencyInjection;
using Nssv.Kernel;
using Nssv.Kernel.Composition;
using Nssv.Kernel.Data;
using Nssv.Kernel.Model;
using Nssv.Kernel.Ownership;
using Nssv.Simulation.Tests.Invariants;
using Nssv.Simulation.Tests.World;
using Nssv.Simulator;

namespace Nssv.Simulation.Tests.Widgets;

/// <summary>The kernel and the agent's protocol alone, with resources that exist for this.</summary>
internal sealed class WidgetRun(ulong seed, Mutation mutation, bool verbose, int managers, int hosts, bool audited) : ScenarioRun(seed, mutation, verbose, managers, hosts, Models)
{
    private static readonly ResourceModels Models = ResourceModels.FromAssemblies(typeof(Widget).Assembly);

    private readonly List<TurnWatch> _turns = [];
    private readonly HostBoard _board = new();
    private readonly List<Id> _widgets = [];
    private Id _shelf;
    private int _made;

    public static async Task<RunResult> Random(
        ulong seed, Mutation mutation = Mutation.None, bool verbose = false, int managers = 1, int operations = 8, bool cutForGood = false, bool audited = false)
    {
        await using var run = new WidgetRun(seed, mutation, verbose, managers, 1 + (int)(seed % 3), audited);
        return await run.UnderChaos(operations, cutForGood);
    }

    /// <summary>Two widgets made, switched, and deleted.</summary>
    public static async Task<RunResult> Fixed(ulong seed, long? crashAt, Mutation mutation = Mutation.None, bool verbose = false)
    {
        await using var run = new WidgetRun(seed, mutation, verbose, 1, 2, audited: true);
        return await run.WithOneDeath(crashAt, run.MakeTwo, run.SwitchBoth, run.DeleteAll);
    }

    protected override bool IsAudited => audited;

    protected override void AddServices(IServiceCollection services)
    {
        services.AddSingleton(provider =>
        {
            var member = provider.GetRequiredService<MemberFence>().Member;
            var watch = new TurnWatch(target => Cluster.Managers.Count == 1 || Cluster.OwnerOf(target) == member);
            _turns.Add(watch);
            return watch;
        });
        services.AddSingleton(_board);
        services.AddServicesOf(typeof(Widget).Assembly);
        services.AddSingleton<HostWatch>();
        services.AddSingleton<IManagerPort>(provider => provider.GetRequiredService<HostWatch>());
        services.AddSingleton<IShardListener>(provider => provider.GetRequiredService<HostWatch>());
    }

    protected override bool SetUp()
    {
        _board.World = Cluster.World;
        _board.Hosts = [.. Cluster.Hosts.Select(host => host.Id)];
        Cluster.StartAll();
        _shelf = Id.Parse("01890000-0000-7000-8000-0000000000c1");
        Person.Ask(new CreateShelf(_shelf, Dice.Pick([2, 100, 100]), [.. Cluster.Hosts.Select(host => host.Id)]));
        return Quiet();
    }

    private void MakeTwo()
    {
        Create("widget.create", start: true);
        Create("widget.build", start: true);
    }

    private void SwitchBoth()
    {
        Person.Ask(new SwitchWidget(_widgets[0], On: false));
        Person.Ask(new SwitchWidget(_widgets[0], On: true));
        Person.Ask(new SwitchWidget(_widgets[1], On: false, Force: true));
    }

    private void DeleteAll()
    {
        Person.Ask(new DeleteWidget(_widgets[1]));
        Person.Ask(new ClearShelf(_shelf));
    }

    private void Create(string flow, bool start)
    {
        var id = Id.Parse($"01890000-0000-7000-8000-{0xd00 + _made:x12}");
        var parts = Enumerable.Range(0, 1 + Dice.Below(2) + (Cluster.Hosts.Count > 1 ? 1 : 0)).Select(i => new WidgetPart(
            Id.Parse($"01890000-0000-7000-8000-{0xe0000 + _made * 16 + i:x12}"), Cluster.Hosts[(_made + i) % Cluster.Hosts.Count].Id)).ToList();
        _made++;
        _widgets.Add(id);
        Person.Ask(new CreateWidget(id, "widget", _shelf, parts, start, flow));
    }

    protected override void AskSomething()
    {
        if (_widgets.Count == 0 || Dice.Chance(0.45))
        {
            Create(Dice.Pick(["widget.create", "widget.build"]), Dice.Chance(0.7));
            return;
        }

        var widget = Dice.Pick(_widgets);
        switch (Dice.Below(10))
        {
            case 0:
                Person.Ask(new ClearShelf(_shelf));
                break;
            case < 4:
                Person.Ask(new DeleteWidget(widget));
                break;
            case < 6:
                Person.Ask(new SwitchWidget(widget, On: true));
                break;
            case < 8:
                Person.Ask(new SwitchWidget(widget, On: false, Force: Dice.Chance(0.5)));
                break;
            default:
                CancelOne();
                break;
        }
    }

    protected override async Task<(string Type, IReadOnlyDictionary<Id, string> Rows)> States(IStore store) =>
        ("widget", (await store.List<Widget>()).ToDictionary(widget => widget.Id, widget => widget.State.ToString()));

    protected override async Task Check(IStore store, Findings findings)
    {
        await WidgetChecks.Agree(store, Cluster.Hosts, host => Chaos?.LostPower(host) == true, findings);
        findings.AddAll(Invariant.Turns, _turns.SelectMany(watch => watch.Overlaps));
    }
}
