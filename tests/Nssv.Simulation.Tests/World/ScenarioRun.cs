using Microsoft.Extensions.DependencyInjection;
using Nssv.Kernel;
using Nssv.Kernel.Agents;
using Nssv.Kernel.Audit;
using Nssv.Kernel.Calls;
using Nssv.Kernel.Data;
using Nssv.Kernel.Events;
using Nssv.Kernel.Flows;
using Nssv.Kernel.Model;
using Nssv.Kernel.Operations;
using Nssv.Simulation.Tests.Invariants;

namespace Nssv.Simulation.Tests.World;

/// <summary>How one run went.</summary>
internal sealed record RunResult(ulong Seed, Findings Findings, Trace Trace, long Points, string? Struck, long? DeathAt, int Operations, long Steps);

/// <summary>One run of one world: set up, load, chaos, settling, checks. What the world is about is the scenario's.</summary>
internal abstract class ScenarioRun : IAsyncDisposable
{
    protected static readonly TimeSpan Slice = TimeSpan.FromSeconds(1);

    /// <summary>The audit follows the events.</summary>
    private static readonly TimeSpan AuditLag = TimeSpan.FromSeconds(5);

    private readonly ulong _seed;

    protected ScenarioRun(ulong seed, Mutation mutation, bool verbose, int managers, int hosts, ResourceModels models)
    {
        _seed = seed;
        Cluster = new(seed, verbose, managers, hosts, new()
        {
            Models = models,
            Services = AddAll,
            Begun = BeginAll,
            Mutation = mutation,
            AroundWriter = (writer, clock) => new FullDisk(mutation.Around(writer, clock), () => Chaos is { DatabaseIsFull: true }),
            AroundTransport = transport => mutation.Around(transport),
        });
        Person = new(Cluster);
        Dice = Cluster.World.Dice.Fork();
    }

    protected Cluster Cluster { get; }
    protected Person Person { get; }
    protected Dice Dice { get; }
    protected Chaos? Chaos { get; private set; }

    /// <summary>The services of one life of the manager, with an <see cref="Simulator.IManagerPort"/>.</summary>
    protected abstract void AddServices(IServiceCollection services);

    /// <summary>Whether the managers keep the audit, as in production.</summary>
    protected virtual bool IsAudited => false;

    /// <summary>Faults are over; what is asked for now must go well.</summary>
    protected virtual void Afterwards()
    {
    }

    /// <summary>The manager has taken up what was left, and opens.</summary>
    protected virtual void Begun(IServiceProvider services)
    {
    }

    /// <summary>Makes what the load needs; false when that failed.</summary>
    protected abstract bool SetUp();

    protected abstract void AskSomething();

    /// <summary>The scenario's own invariants.</summary>
    protected abstract Task Check(IStore store, Findings findings);

    /// <summary>The scenario's main resources as their rows have them: kind, and state by id.</summary>
    protected abstract Task<(string Type, IReadOnlyDictionary<Id, string> Rows)> States(IStore store);

    /// <summary>How long after the last operation the world is left alone before it is judged.</summary>
    protected virtual TimeSpan RestFor => TimeSpan.Zero;

    /// <summary>The platform knows the host no more.</summary>
    protected virtual bool IsForgotten(HostNode host) => false;

    /// <summary>Nothing of the scenario is still on its way.</summary>
    protected virtual bool IsAtRest(IStore store) => true;

    /// <summary>Random load under random faults.</summary>
    /// <param name="operations">About how many.</param>
    /// <param name="cutForGood">Two managers do not hear each other, from the first fault to the end.</param>
    protected async Task<RunResult> UnderChaos(int operations = 8, bool cutForGood = false)
    {
        if (!SetUp())
            return await Result("the world could not be set up");
        var length = operations <= 40 ? TimeSpan.FromSeconds(Dice.Pick([5, 20, 60])) : TimeSpan.FromSeconds(operations);
        Chaos = new(Cluster, cutForGood);
        Chaos.Begin(length);
        for (var i = operations / 2 + Dice.Below(operations); i > 0; i--)
            Cluster.World.After(length * Dice.Next(), AskSomething);
        Cluster.Run(() => false, length + Slice);
        Afterwards();
        return await Result();
    }

    /// <summary>The same requests each time, one group after another, with one death at place <paramref name="crashAt"/>.</summary>
    protected async Task<RunResult> WithOneDeath(long? crashAt, params Action[] groups)
    {
        if (!SetUp())
            return await Result("the world could not be set up");
        Cluster.Points.Armed = true;
        Cluster.Points.At = crashAt;
        Cluster.RestartAfter = () => TimeSpan.FromSeconds(2);
        foreach (var group in groups)
        {
            group();
            if (!Quiet())
                break;
        }

        Cluster.Points.Armed = false;
        return await Result();
    }

    private void AddAll(IServiceCollection services)
    {
        AddServices(services);
        if (!IsAudited)
            return;
        services.AddSingleton<AuditRecorder>();
        services.AddSingleton<AuditWriter>();
        services.AddSingleton<IEventObserver>(provider => provider.GetRequiredService<AuditWriter>());
    }

    private void BeginAll(IServiceProvider services)
    {
        Begun(services);
        if (IsAudited)
            _ = services.GetRequiredService<AuditWriter>().Run(CancellationToken.None);
    }

    protected void CancelOne()
    {
        if (Person.Acknowledged.Count == 0)
            return;
        var operation = Dice.Pick(Person.Acknowledged).Operation.Id;
        Cluster.World.Note("person", $"cancels {operation.Short}");
        Person.Context.Post(() => _ = Cancel(operation));
    }

    private async Task Cancel(Id operation)
    {
        try
        {
            await Person.Reach("cancel", services => services.GetRequiredService<IBus>().Cancel(operation));
        }
        catch (Exception e) when (e is ProblemException or OutcomeUnknownException or FencedException)
        {
            // Too late, or not now.
        }
    }

    /// <summary>Runs until nothing is left to do; false if it never comes to that.</summary>
    protected bool Quiet()
    {
        for (var i = 0; i < 5000; i++)
        {
            Cluster.Run(() => false, Slice);
            if (Cluster.World.Faults.Count > 0)
                return false;
            if (Person.Open == 0 && Cluster.Link.UnderWay == 0 && Idle())
                return true;
        }

        return false;
    }

    private bool Idle()
    {
        return Cluster.Managers.All(manager => manager.Services is { } services
                && services.GetRequiredService<HostConnections>() is var links && Cluster.Hosts.All(host => links.Of(host.Id) == HostLink.Connected || IsForgotten(host)))
            && Cluster.AllShardsHeld()
            && Now(Cluster.Store.List<Operation>()).All(operation => operation.State == OperationState.NeedsAttention || operation.HasEnded() && !operation.CleanupPending)
            && IsAtRest(Cluster.Store);
    }

    private async Task<RunResult> Result(string? failed = null)
    {
        var findings = new Findings();
        Cluster.StartAll();
        var settled = failed is null && Quiet();
        if (settled && RestFor is { Ticks: > 0 } rest)
        {
            Cluster.Run(() => false, rest);
            settled = Quiet();
        }

        var store = Cluster.Store;
        findings.AddAll(Invariant.World, Cluster.World.ForeignPosts.Select(post => "a post from another thread: " + post));
        findings.AddAll(Invariant.World, Cluster.World.Faults);
        findings.Expect(failed is null, Invariant.World, failed ?? "");
        findings.Expect(settled, Invariant.Ended, "it never came to rest");
        await OperationChecks.Ended(store, findings);
        await OperationChecks.Acknowledged(store, Person.Acknowledged.Select(answer => answer.Operation), findings);
        if (Cluster.AnyServices is { } services)
        {
            var (type, rows) = await States(store);
            await EventChecks.Replay(store, services.GetRequiredService<FlowCatalog>(), type, rows, findings);
        }

        if (IsAudited)
        {
            Cluster.Run(() => false, AuditLag);
            await AuditChecks.Once(store, findings);
        }

        await Check(store, findings);
        findings.AddAll(Invariant.Superseded, Cluster.Watch.Violations);
        findings.AddAll(Invariant.Superseded, Cluster.Hosts.SelectMany(host => host.Machine.Violations));
        return new(_seed, findings, Cluster.World.Trace, Cluster.Points.Passed, Cluster.Points.Struck, Cluster.Points.At, (int)await store.Count<Operation>(), Cluster.World.Steps);
    }

    /// <summary>The database in memory answers at once.</summary>
    protected static T Now<T>(ValueTask<T> read) => read.IsCompleted ? read.GetAwaiter().GetResult() : throw new InvalidOperationException("the database did not answer at once");

    public ValueTask DisposeAsync() => Cluster.DisposeAsync();
}
