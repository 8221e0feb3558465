using Microsoft.Extensions.DependencyInjection;
using Nssv.Kernel;
using Nssv.Kernel.Agents;
using Nssv.Kernel.Calls;
using Nssv.Kernel.Composition;
using Nssv.Kernel.Data;
using Nssv.Kernel.Flows;
using Nssv.Kernel.Model;
using Nssv.Kernel.Operations;
using Nssv.Simulation.Tests.Invariants;
using Nssv.Simulation.Tests.World;
using Nssv.Simulator;

namespace Nssv.Simulation.Tests.Widgets;

/// <summary>How one run went.</summary>
internal sealed record RunResult(ulong Seed, Findings Findings, Trace Trace, long Points, string? Struck, int Operations, long Steps);

/// <summary>One world of widgets: set up, load, chaos, settling, checks.</summary>
internal sealed class WidgetRun : IAsyncDisposable
{
    private static readonly ResourceModels Models = ResourceModels.FromAssemblies(typeof(Widget).Assembly);
    private static readonly TimeSpan Slice = TimeSpan.FromSeconds(1);

    private readonly ulong _seed;
    private readonly Cluster _cluster;
    private readonly Person _person;
    private readonly Dice _dice;
    private readonly List<TurnWatch> _turns = [];
    private readonly List<Id> _widgets = [];
    private Chaos? _chaos;
    private Id _shelf;
    private int _made;

    private WidgetRun(ulong seed, Mutation mutation, bool verbose, int hosts)
    {
        _seed = seed;
        _cluster = new(seed, verbose, hosts, new()
        {
            Models = Models,
            Services = services =>
            {
                var watch = new TurnWatch();
                _turns.Add(watch);
                services.AddSingleton(watch);
                services.AddServicesOf(typeof(Widget).Assembly);
                services.AddSingleton<IManagerPort, HostWatch>();
            },
            AroundWriter = (writer, clock) => new FullDisk(mutation.Around(writer, clock), () => _chaos is { DatabaseIsFull: true }),
            AroundTransport = transport => mutation.Around(transport),
        });
        _person = new(_cluster);
        _dice = _cluster.World.Dice.Fork();
    }

    /// <summary>Random load under random faults.</summary>
    public static async Task<RunResult> Random(ulong seed, Mutation mutation = Mutation.None, bool verbose = false)
    {
        await using var run = new WidgetRun(seed, mutation, verbose, 1 + (int)(seed % 3));
        if (!run.SetUp())
            return await run.Result();
        var length = TimeSpan.FromSeconds(run._dice.Pick([5, 20, 60]));
        run._chaos = new(run._cluster);
        run._chaos.Begin(length);
        for (var i = 4 + run._dice.Below(8); i > 0; i--)
            run._cluster.World.After(length * run._dice.Next(), run.AskSomething);
        run._cluster.Run(() => false, length + Slice);
        run._person.Loss = 0;
        return await run.Result();
    }

    /// <summary>Two widgets made, one switched off and on and deleted, with one death at place <paramref name="crashAt"/>.</summary>
    public static async Task<RunResult> Fixed(ulong seed, long? crashAt, Mutation mutation = Mutation.None, bool verbose = false)
    {
        await using var run = new WidgetRun(seed, mutation, verbose, 2);
        if (!run.SetUp())
            return await run.Result();
        run._cluster.Points.Armed = true;
        run._cluster.Points.At = crashAt;
        run._cluster.RestartAfter = () => TimeSpan.FromSeconds(2);
        run.Create("widget.create", start: true);
        run.Create("widget.build", start: true);
        run.Quiet();
        run._person.Ask(new SwitchWidget(run._widgets[0], On: false));
        run._person.Ask(new SwitchWidget(run._widgets[0], On: true));
        run._person.Ask(new SwitchWidget(run._widgets[1], On: false, Force: true));
        run.Quiet();
        run._person.Ask(new DeleteWidget(run._widgets[1]));
        run._person.Ask(new ClearShelf(run._shelf));
        run.Quiet();
        run._cluster.Points.Armed = false;
        return await run.Result();
    }

    private bool SetUp()
    {
        _cluster.StartAll();
        _shelf = _dice.Chance(0.5) ? Id.Parse("01890000-0000-7000-8000-0000000000c1") : Id.Parse("01890000-0000-7000-8000-0000000000c2");
        _person.Ask(new CreateShelf(_shelf, _dice.Pick([2, 100]), [.. _cluster.Hosts.Select(host => host.Id)]));
        return Quiet();
    }

    private void Create(string flow, bool start)
    {
        var id = Id.Parse($"01890000-0000-7000-8000-{0xd00 + _made:x12}");
        var parts = Enumerable.Range(0, 1 + _dice.Below(2) + (_cluster.Hosts.Count > 1 ? 1 : 0)).Select(i => new WidgetPart(
            Id.Parse($"01890000-0000-7000-8000-{0xe0000 + _made * 16 + i:x12}"), _cluster.Hosts[(_made + i) % _cluster.Hosts.Count].Id)).ToList();
        _made++;
        _widgets.Add(id);
        _person.Ask(new CreateWidget(id, "widget", _shelf, parts, start, flow));
    }

    private void AskSomething()
    {
        if (_widgets.Count == 0 || _dice.Chance(0.45))
        {
            Create(_dice.Pick(["widget.create", "widget.build"]), _dice.Chance(0.7));
            return;
        }

        var widget = _dice.Pick(_widgets);
        switch (_dice.Below(10))
        {
            case 0:
                _person.Ask(new ClearShelf(_shelf));
                break;
            case < 4:
                _person.Ask(new DeleteWidget(widget));
                break;
            case < 6:
                _person.Ask(new SwitchWidget(widget, On: true));
                break;
            case < 8:
                _person.Ask(new SwitchWidget(widget, On: false, Force: _dice.Chance(0.5)));
                break;
            default:
                CancelOne();
                break;
        }
    }

    private void CancelOne()
    {
        if (_person.Acknowledged.Count == 0)
            return;
        var operation = _dice.Pick(_person.Acknowledged).Operation.Id;
        _cluster.World.Note("person", $"cancels {operation.Short}");
        _person.Context.Post(() => _ = Cancel(operation));
    }

    private async Task Cancel(Id operation)
    {
        try
        {
            await _person.Reach("cancel", services => services.GetRequiredService<OperationEngine>().Cancel(operation));
        }
        catch (Exception e) when (e is ProblemException or OutcomeUnknownException or FencedException)
        {
            // Too late, or not now.
        }
    }

    /// <summary>Runs until nothing is left to do; false if it never comes to that.</summary>
    private bool Quiet()
    {
        for (var i = 0; i < 3600; i++)
        {
            _cluster.Run(() => false, Slice);
            if (_cluster.World.Faults.Count > 0)
                return false;
            if (_person.Open == 0 && _cluster.Link.UnderWay == 0 && Idle())
                return true;
        }

        return false;
    }

    private bool Idle()
    {
        if (_cluster.Manager.Services is not { } services)
            return false;
        var links = services.GetRequiredService<HostConnections>();
        return _cluster.Hosts.All(host => links.Of(host.Id) == HostLink.Connected) && Now(_cluster.Store.List<Operation>()).All(operation =>
            operation.State == OperationState.NeedsAttention || operation.HasEnded() && !operation.CleanupPending);
    }

    private async Task<RunResult> Result()
    {
        var findings = new Findings();
        _cluster.StartAll();
        var settled = Quiet();
        var store = _cluster.Store;
        findings.AddAll(Invariant.World, _cluster.World.ForeignPosts.Select(post => "a post from another thread: " + post));
        findings.AddAll(Invariant.World, _cluster.World.Faults);
        findings.Expect(settled, Invariant.Ended, "it never came to rest");
        await OperationChecks.Ended(store, findings);
        await OperationChecks.Acknowledged(store, _person.Acknowledged.Select(answer => answer.Operation), findings);
        if (_cluster.Manager.Services is { } services)
            await EventChecks.Replay(store, services.GetRequiredService<FlowCatalog>(), findings);
        await WidgetChecks.Agree(store, _cluster.Hosts, host => _chaos?.LostPower(host) == true, findings);
        findings.AddAll(Invariant.Turns, _turns.SelectMany(watch => watch.Overlaps));
        findings.AddAll(Invariant.Superseded, _cluster.Watch.Violations);
        findings.AddAll(Invariant.Superseded, _cluster.Hosts.SelectMany(host => host.Machine.Violations));
        return new(_seed, findings, _cluster.World.Trace, _cluster.Points.Passed, _cluster.Points.Struck, (int)await store.Count<Operation>(), _cluster.World.Steps);
    }

    /// <summary>The database in memory answers at once.</summary>
    private static T Now<T>(ValueTask<T> read) => read.IsCompleted ? read.GetAwaiter().GetResult() : throw new InvalidOperationException("the database did not answer at once");

    public ValueTask DisposeAsync() => _cluster.DisposeAsync();
}
