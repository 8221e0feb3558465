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

    /// <summary>What is between the manager and its database, and between it and the wire: faults and mutations.</summary>
    public Func<IWriter, NodeClock, IWriter> AroundWriter { get; init; } = static (writer, _) => writer;
    public Func<IAgentTransport, IAgentTransport> AroundTransport { get; init; } = static transport => transport;
}

/// <summary>The manager over all its lives: each has a new generation and a new writer on the same database.</summary>
internal sealed class ManagerNode(SimulatedWorld world, CrashPoints points, SimulatedNetwork network, SqliteDatabase database, ManagerParts parts)
{
    public const string Url = "manager";
    public static readonly Id Platform = Id.Parse("01890000-0000-7000-8000-000000000001");
    private static readonly Id Member = Id.Parse("01890000-0000-7000-8000-000000000003");

    private readonly List<NodeContext> _sleepers = [];
    private readonly SeededIds _ids = new(world.Dice.Fork(), new WorldClock(world));
    private int _lives;
    private TaskCompletionSource<ServiceProvider> _up = New();

    public NodeContext Context { get; private set; } = Dead(world);

    /// <summary>The services of the life that is up; waits for one.</summary>
    public Task<ServiceProvider> Up => _up.Task;

    /// <summary>Of a commit whose outcome it does not learn.</summary>
    public double LostCommits { get; set; }

    public ServiceProvider? Services => !Context.IsDead && _up.Task.IsCompletedSuccessfully ? _up.Task.Result : null;

    public void Start()
    {
        Kill();
        var context = Context = new NodeContext(world, $"manager#{++_lives}", TimeSpan.Zero);
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
            var fence = MemberFence.Acquire(database, Member, context.Clock);
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
                Fenced = _ => context.Post(context.Kill),
            });
            var services = new ServiceCollection();
            services.AddSingleton<ILoggerFactory>(new TraceLogs(world, context));
            services.AddSingleton(typeof(ILogger<>), typeof(Logger<>));
            services.AddSingleton<IStore>(store);
            services.AddSingleton(events);
            services.AddSingleton(parts.AroundWriter(writer, context.Clock));
            services.AddSingleton(parts.Models);
            services.AddSingleton(parts.AroundTransport(new InProcessTransport(network, Url)));
            services.AddSingleton<TimeProvider>(context.Clock);
            services.AddSingleton<IIdSource>(_ids);
            services.AddSingleton<IChance>(world.Dice.Fork());
            services.AddSingleton(new NodeIdentity(Platform, fence.Generation));
            services.AddKernel();
            parts.Services(services);
            var provider = services.BuildServiceProvider();
            network.Attach(Url, provider.GetRequiredService<IManagerPort>());
            await provider.GetRequiredService<NodeLife>().Start();
            parts.Begun(provider);
            world.Note(context.Name, $"is up with generation {fence.Generation}");
            if (Context == context)
                _up.TrySetResult(provider);
        }
        catch (Exception e)
        {
            world.Faults.Add($"{context.Name}: {e}");
        }
    }

    private static TaskCompletionSource<ServiceProvider> New() => new(TaskCreationOptions.RunContinuationsAsynchronously);

    private static NodeContext Dead(SimulatedWorld world)
    {
        var context = new NodeContext(world, "manager#0", TimeSpan.Zero);
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
