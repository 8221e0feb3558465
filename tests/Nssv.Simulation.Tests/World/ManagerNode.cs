using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Nssv.Contracts.Agent;
using Nssv.Kernel;
using Nssv.Kernel.Agents;
using Nssv.Kernel.Composition;
using Nssv.Kernel.Data;
using Nssv.Kernel.Data.Sqlite;
using Nssv.Kernel.Events;
using Nssv.Kernel.Model;
using Nssv.Kernel.Operations;
using Nssv.Kernel.Ownership;
using Nssv.Kernel.Peers;
using Nssv.Simulator;

namespace Nssv.Simulation.Tests.World;

/// <summary>What a manager is put together from, besides the kernel.</summary>
internal sealed record ManagerParts
{
    public required ResourceModels Models { get; init; }

    /// <summary>Adds the services of the scenario; they include an <see cref="IManagerPort"/>.</summary>
    public required Action<IServiceCollection> Services { get; init; }

    /// <summary>Called in the manager's own context when it has taken up what was left.</summary>
    public Action<IServiceProvider> Begun { get; init; } = static _ => { };

    /// <summary>What this run takes away from the product on purpose.</summary>
    public Mutation Mutation { get; init; }

    /// <summary>What is between the manager and its database, and between it and the wire: faults and mutations.</summary>
    public Func<IWriter, NodeClock, IWriter> AroundWriter { get; init; } = static (writer, _) => writer;
    public Func<IAgentTransport, IAgentTransport> AroundTransport { get; init; } = static transport => transport;
}

/// <summary>Where a manager lives.</summary>
/// <param name="Number">Among the managers, from 0.</param>
/// <param name="Alone">It is the only one, and knows that.</param>
internal sealed record ManagerPlace(SimulatedWorld World, CrashPoints Points, WorldLink Link, SimulatedNetwork Network, SqliteDatabase Database, int Number, bool Alone);

/// <summary>A manager over all its lives: each has a new generation and a new writer on the same database.</summary>
internal sealed class ManagerNode(ManagerPlace place, ManagerParts parts, Func<string, PeerInbox?> inboxOf)
{
    public static readonly Id Platform = Id.Parse("01890000-0000-7000-8000-000000000001");

    private readonly SimulatedWorld world = place.World;
    private readonly CrashPoints points = place.Points;
    private readonly SimulatedNetwork network = place.Network;

    private readonly List<NodeContext> _sleepers = [];
    private readonly SeededIds _ids = new(place.World.Dice.Fork(), new WorldClock(place.World));
    private int _lives;
    private TaskCompletionSource<ServiceProvider> _up = New();

    public NodeContext Context { get; private set; } = Dead(place.World);

    /// <summary>Its callback URL, and the name under which its peers reach it.</summary>
    public string Url { get; } = $"manager-{place.Number}";

    public Id Member { get; } = Id.Parse($"01890000-0000-7000-8000-{0x300 + place.Number:x12}");

    /// <summary>The way to the database is cut.</summary>
    public bool IsCutOff { get; set; }

    /// <summary>How long until somebody starts it again after another manager has taken over from it; null: at once.</summary>
    public Func<TimeSpan>? RejoinAfter { get; set; }

    /// <summary>The services of the life that is up; waits for one.</summary>
    public Task<ServiceProvider> Up => _up.Task;

    /// <summary>Of a commit whose outcome it does not learn.</summary>
    public double LostCommits { get; set; }

    public ServiceProvider? Services => !Context.IsDead && _up.Task.IsCompletedSuccessfully ? _up.Task.Result : null;

    public void Start()
    {
        Kill();
        var context = Context = new NodeContext(world, $"{Url}#{++_lives}", TimeSpan.Zero);
        world.Note(context.Name, "starts");
        context.Post(() => _ = Begin(context));
    }

    public void Kill()
    {
        if (Context.IsDead)
            return;
        world.Note(Context.Name, "is killed");
        End();
    }

    /// <summary>It sleeps (a stopped process, a machine that hangs) and another start takes its place; later it wakes and does not know.</summary>
    public void Replace()
    {
        if (Context.IsDead)
            return;
        world.Note(Context.Name, "falls asleep");
        var sleeper = Context;
        sleeper.Pause();
        _sleepers.Add(sleeper);
        network.Detach(Url);
        _up = New();
        Context = Dead(world);
        Start();
    }

    public void WakeSleepers()
    {
        foreach (var sleeper in _sleepers)
        {
            world.Note(sleeper.Name, "wakes");
            sleeper.Resume();
        }
        _sleepers.Clear();
    }

    /// <summary>It stops (SIGSTOP, a virtual machine that is moved) and later goes on where it was.</summary>
    public void Pause()
    {
        if (Context.IsDead)
            return;
        world.Note(Context.Name, "is stopped");
        Context.Pause();
        _sleepers.Add(Context);
    }

    private void End()
    {
        Context.Kill();
        network.Detach(Url);
        _up = New();
    }

    private async Task Begin(NodeContext context)
    {
        try
        {
            var database = new NodeDatabase(place.Database, () => IsCutOff, what => points.Hit(context, what), parts.Mutation);
            var fence = MemberFence.Acquire(database, Member, context.Clock, place.Alone);
            var store = new Store(database);
            var events = new EventStream(store, context.Clock);
            var writer = new Writer(database, fence, new()
            {
                Observers = [events],
                Time = context.Clock,
                Thread = new ContextThread(),
                Faults = new CommitPoints(world, context, points) { Lost = () => LostCommits },
                Failed = error => world.Faults.Add($"{context.Name}: writer: {error}"),
                // The process ends itself.
                Fenced = _ => context.Post(() => EndFenced(context)),
            });
            var chance = world.Dice.Fork();
            var around = parts.AroundWriter(writer, context.Clock);
            var services = new ServiceCollection();
            services.AddSingleton<ILoggerFactory>(new TraceLogs(world, context));
            services.AddSingleton(typeof(ILogger<>), typeof(Logger<>));
            services.AddSingleton<IStore>(store);
            services.AddSingleton(events);
            services.AddSingleton(around);
            services.AddSingleton(fence);
            services.AddSingleton(parts.Models);
            services.AddSingleton(parts.AroundTransport(new InProcessTransport(network, Url)));
            services.AddSingleton<TimeProvider>(context.Clock);
            services.AddSingleton<IIdSource>(_ids);
            services.AddSingleton<IChance>(chance);
            services.AddSingleton(new NodeIdentity(Platform, fence.Generation));
            if (!place.Alone)
            {
                var peers = new PeerWire(place.Link, inboxOf, Url);
                services.AddSingleton<IPeerTransport>(peers);
                // Slower than in production, so that most of a run is not renewals.
                var options = new MembershipOptions { Lease = TimeSpan.FromSeconds(10), Interval = TimeSpan.FromSeconds(1.5) };
                services.AddSingleton<IOwnership>(provider => new Membership(
                    database, fence, around, events, peers, context.Clock, chance, parts.Mutation == Mutation.SelfStopAfterLease ? options with { OwnShare = 4 } : options,
                    new(Url, "1.0.0", PlatformLevel.Current, Url, Url, Url), () => context.Post(() => EndFenced(context)), provider.GetRequiredService<ILogger<Membership>>()));
            }

            services.AddKernel();
            parts.Services(services);
            parts.Mutation.Change(services);
            var provider = services.BuildServiceProvider();
            network.Attach(Url, provider.GetRequiredService<IManagerPort>());
            await provider.GetRequiredService<NodeLife>().Start();
            parts.Begun(provider);
            world.Note(context.Name, $"is up with generation {fence.Generation}");
            // It may have died on its way here, and what it began not yet have come to its first wait.
            if (Context == context && !context.IsDead)
                _up.TrySetResult(provider);
        }
        catch (ProblemException e) when (e.Problem.Code == "unavailable")
        {
            // It cannot reach the database: whoever started it starts it again.
            world.Note(context.Name, "cannot begin: the database is away");
            if (!context.IsDead)
                EndFenced(context);
        }
        catch (Exception e)
        {
            world.Faults.Add($"{context.Name}: {e}");
        }
    }

    private void EndFenced(NodeContext context)
    {
        context.Kill();
        if (Context != context || place.Alone)
            return;
        world.Note(context.Name, "ends itself, and will come back");
        End();
        world.After(RejoinAfter?.Invoke() ?? TimeSpan.FromSeconds(1), () =>
        {
            if (Context == context)
                Start();
        });
    }

    private static TaskCompletionSource<ServiceProvider> New() => new(TaskCreationOptions.RunContinuationsAsynchronously);

    private static NodeContext Dead(SimulatedWorld world)
    {
        var context = new NodeContext(world, "manager", TimeSpan.Zero);
        context.Kill();
        return context;
    }
}

/// <summary>The world's own time: for what outlives a node.</summary>
internal sealed class WorldClock(SimulatedWorld world) : TimeProvider
{
    public override DateTimeOffset GetUtcNow() => SimulatedWorld.Start + world.Now;
}

/// <summary>Log lines go into a verbose trace.</summary>
internal sealed class TraceLogs(SimulatedWorld world, NodeContext node) : ILoggerFactory, ILogger
{
    public ILogger CreateLogger(string categoryName) => this;

    public void AddProvider(ILoggerProvider provider)
    {
    }

    public bool IsEnabled(LogLevel logLevel) => world.Trace.Verbose;

    public IDisposable? BeginScope<TState>(TState state) where TState : notnull => null;

    public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter) =>
        Console.WriteLine($"          {node.Name} {logLevel}: {formatter(state, exception)} {exception}");

    public void Dispose()
    {
    }
}
