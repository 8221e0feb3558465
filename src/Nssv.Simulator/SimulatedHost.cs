using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;
using Nssv.Agent.Protocol;
using Nssv.Contracts.Agent;
using Nssv.Kernel;
using Nssv.Kernel.Agents;
using Nssv.Kernel.Data;
using Nssv.Kernel.Data.Sqlite;

namespace Nssv.Simulator;

/// <summary>
/// A host whose protocol is the real agent's and whose engine is simulated. Its machine and its journal outlive the agent: <see cref="Kill"/> and
/// <see cref="Start"/> make an agent's crash, <see cref="CutPower"/> one of the host.
/// </summary>
public sealed class SimulatedHost : IAsyncDisposable
{
    private readonly SimulatedNetwork _network;
    private readonly SimulatedHostOptions _options;
    private readonly SqliteDatabase _database;
    private Life? _life;

    public SimulatedHost(Id hostId, SimulatedNetwork network, SimulatedHostOptions options)
    {
        (_network, _options) = (network, options);
        Machine = new(hostId);
        _database = SqliteDatabase.InMemory(JournalDatabase.Models);
        Schema.CreateFromModel(_database);
        network.Attach(this);
    }

    public Id HostId => Machine.HostId;

    public SimulatedMachine Machine { get; }

    /// <summary>The engine of the agent that runs; null while none does.</summary>
    public SimulatedEngine? Engine => _life is { IsDead: false } life ? life.Engine : null;

    public CommandDesk? Desk => _life is { IsDead: false } life ? life.Core?.Desk : null;

    public bool IsRunning => Desk is not null;

    /// <summary>The agent has died of a fault in its journal: somebody has to start it again.</summary>
    public event Action? Died;

    /// <summary>Starts the agent. Await it in the host's own context.</summary>
    public async Task Start()
    {
        Kill();
        var life = new Life(new SimulatedEngine(Machine, _options.Time, _options.Behaviour), _options.Faults, () => Died?.Invoke());
        _life = life;
        var (journal, _) = JournalDatabase.Attach(_database, _options.Time, new() { Time = _options.Time, Thread = new ContextThread(), Faults = life });
        var core = await life.WhileAlive(AgentCore.Start(
            new(HostId, journal, CommandCatalog.Contracts, life.Engine, new SimulatedManagerLink(_network, HostId, life), _options.Time, _options.Chance, _options.Desk, _options.Logger),
            _options.Reporter, CancellationToken.None));
        if (life.IsDead)
            core.Dispose();
        else
            life.Core = core;
    }

    /// <summary>Ends the agent as <c>kill -9</c> does: no write, no message and no effect of it comes after this.</summary>
    public void Kill()
    {
        _life?.Kill();
        _life = null;
    }

    /// <summary>Ends the agent in order.</summary>
    public async Task Stop(TimeSpan grace)
    {
        if (_life?.Core is { } core)
            await core.Stop(grace);
        Kill();
    }

    /// <summary>The host loses its power: the agent and every guest are gone, disks stay.</summary>
    public void CutPower()
    {
        Kill();
        Machine.CutPower();
    }

    public async ValueTask DisposeAsync()
    {
        Kill();
        await _database.DisposeAsync();
    }

    internal Task<CommandReceipt> TakeCommands(CommandBatch batch, string callbackUrl) => Answer(desk => desk.Accept(batch, callbackUrl));

    internal Task<AskReply> TakeAsk(Ask ask) => Answer(async desk =>
    {
        var reply = await desk.Ask(ask);
        if (reply.RecordedEpoch == ask.Epoch)
            Machine.Asked(ask.OperationId, ask.Epoch);
        return reply;
    });

    internal Task<Done> TakeForget(Forget forget) => Answer(async desk =>
    {
        await desk.Forget(forget);
        return new Done();
    });

    private Task<T> Answer<T>(Func<CommandDesk, Task<T>> handle) => Desk is { } desk
        ? _life!.WhileAlive(handle(desk))
        : throw new LinkBrokenException($"The agent of host {HostId} does not run");

    /// <summary>One run of the agent's process, and the moment from which nothing of it counts.</summary>
    internal sealed class Life(SimulatedEngine engine, ICommitFaults? faults, Action died) : ICommitFaults
    {
        private readonly TaskCompletionSource _death = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public SimulatedEngine Engine { get; } = engine;
        public AgentCore? Core { get; set; }
        public bool IsDead { get; private set; }

        public void Kill()
        {
            IsDead = true;
            Engine.Kill();
            _death.TrySetResult();
            Core?.Dispose();
        }

        /// <summary>Connections break when the process ends: nobody waits for a dead one.</summary>
        public async Task<T> WhileAlive<T>(Task<T> work) =>
            await Task.WhenAny(work, _death.Task.Here()) == work && !IsDead ? await work : throw new LinkBrokenException("The agent died");

        public CommitFault BeforeBatch(int units) => IsDead ? CommitFault.Crash : Died(faults?.BeforeBatch(units) ?? CommitFault.None);

        public CommitFault AfterCommit(int units) => Died(faults?.AfterCommit(units) ?? CommitFault.None);

        /// <summary>A writer that crashes takes its process along.</summary>
        private CommitFault Died(CommitFault fault)
        {
            if (fault == CommitFault.Crash)
            {
                IsDead = true;
                Engine.Kill();
                _death.TrySetResult();
                died();
            }
            return fault;
        }
    }
}

/// <summary>What a simulated host is made with.</summary>
public sealed record SimulatedHostOptions
{
    public TimeProvider Time { get; init; } = TimeProvider.System;
    public required IChance Chance { get; init; }
    public EngineBehaviour Behaviour { get; init; } = new();
    public DeskOptions Desk { get; init; } = new();
    public ReporterOptions Reporter { get; init; } = new();

    /// <summary>What may happen to the journal's commits.</summary>
    public ICommitFaults? Faults { get; init; }

    public ILogger Logger { get; init; } = NullLogger.Instance;
}
