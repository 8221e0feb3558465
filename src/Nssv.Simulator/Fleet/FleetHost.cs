using System.Net.Security;
using System.Security.Cryptography.X509Certificates;
using Microsoft.AspNetCore.Connections;
using Nssv.Agent.Http;
using Nssv.Agent.Protocol;
using Nssv.Kernel;
using Nssv.Kernel.Trust;
using Nssv.Simulator.Scenarios;

namespace Nssv.Simulator.Fleet;

/// <summary>
/// One simulated host on the real wire: its own certificate, its own connections, the real agent's protocol; machine and journal are in memory and outlive
/// its agent. <see cref="Kill"/> and <see cref="Start"/> make an agent's crash, <see cref="CutPower"/> one of the host.
/// </summary>
internal sealed class FleetHost : IDisposable
{
    private static readonly TimeSpan Grace = TimeSpan.FromSeconds(5);

    private readonly Lock _gate = new();
    private readonly FleetParts _parts;
    private readonly X509Certificate2 _own;
    private readonly MutualTls _tls;
    private readonly HashSet<ConnectionContext> _connections = [];
    private readonly EngineBehaviour _behaviour;
    private IReadOnlyList<string> _managers;
    private Life? _life;
    private TaskCompletionSource? _silence;

    public FleetHost(HostIdentity identity, HostGroup group, FleetParts parts)
    {
        (Identity, Group, _parts, _managers) = (identity, group, parts, parts.Managers);
        _own = identity.Open();
        _tls = new(_own, parts.Trust);
        ServerOptions = _tls.ServerOptions();
        Chance = SeededChance.Of(parts.Seed, identity.Name);
        _behaviour = group.Behaviour(Chance);
        Machine = new(identity.HostId) { StorageBytes = group.StorageBytes, KeepsEffects = false };
    }

    public HostIdentity Identity { get; }
    public HostGroup Group { get; }
    public SimulatedMachine Machine { get; }
    public MemoryJournal Journal { get; } = new();
    public IChance Chance { get; }

    /// <summary>What its side of a handshake shows.</summary>
    public SslServerAuthenticationOptions ServerOptions { get; }

    /// <summary>What the next process needs to go on with this host.</summary>
    public HostRemains Remains => new(Identity.HostId, Machine.Holdings, Journal.Remains());

    /// <summary>Before its first start: it was never away.</summary>
    public void GoOn(HostRemains remains)
    {
        Machine.Hold(remains.Holdings);
        Journal.Restore(remains.Journal);
    }

    public bool IsRunning => Volatile.Read(ref _life) is not null;

    public bool IsSilent => Volatile.Read(ref _silence) is not null;

    /// <summary>Starts the agent; one that runs is killed first.</summary>
    public async Task Start()
    {
        Kill();
        var engine = new SimulatedEngine(Machine, _parts.Time, _behaviour);
        var link = new HttpManagerLink(_tls, new ManagerRoute(_managers, learned => _managers = learned), _parts.Time);
        var core = await AgentCore.Start(
            new(Identity.HostId, Journal.Attach(), CommandCatalog.Contracts, engine, new SilenceableLink(link, this), _parts.Time, Chance, _parts.Desk, _parts.Logger),
            _parts.Reporter, CancellationToken.None);
        lock (_gate)
            _life = new(engine, core, link, ServedAgent.Of(core, engine));
    }

    /// <summary>Ends the agent as <c>kill -9</c> does: no effect and no message of it comes after this, and its connections break.</summary>
    public void Kill()
    {
        Life? life;
        List<ConnectionContext> broken;
        lock (_gate)
        {
            (life, _life) = (_life, null);
            broken = [.. _connections];
        }
        if (life is null)
            return;
        life.Engine.Kill();
        life.Core.Dispose();
        life.Link.Dispose();
        foreach (var connection in broken)
            connection.Abort();
    }

    /// <summary>The host loses its power: agent and guests are gone, disks stay.</summary>
    public void CutPower()
    {
        Kill();
        Machine.CutPower();
    }

    /// <summary>Ends the agent in order.</summary>
    public async Task Stop()
    {
        Life? life;
        lock (_gate)
            life = _life;
        if (life is not null)
            await life.Core.Stop(Grace);
        Kill();
    }

    /// <summary>Nothing gets through in either direction; nobody is told so.</summary>
    public void FallSilent()
    {
        lock (_gate)
            _silence ??= new(TaskCreationOptions.RunContinuationsAsynchronously);
    }

    public void SpeakAgain()
    {
        TaskCompletionSource? silence;
        lock (_gate)
            (silence, _silence) = (_silence, null);
        silence?.TrySetResult();
    }

    /// <summary>Returns when messages get through.</summary>
    public Task Audible(CancellationToken cancel)
    {
        TaskCompletionSource? silence;
        lock (_gate)
            silence = _silence;
        return silence is null ? Task.CompletedTask : silence.Task.WaitAsync(cancel);
    }

    /// <summary>A connection to this host's port; false when no agent is there to take it.</summary>
    public bool Connected(ConnectionContext connection)
    {
        lock (_gate)
            return _life is not null && _connections.Add(connection);
    }

    public void Disconnected(ConnectionContext connection)
    {
        lock (_gate)
            _connections.Remove(connection);
    }

    /// <summary>The agent that answers a request that has arrived; waits while the host is silent.</summary>
    public async ValueTask<ServedAgent> Served(CancellationToken cancel)
    {
        await Audible(cancel);
        return Volatile.Read(ref _life)?.Served ?? throw AgentProblems.Stopping().AsException();
    }

    public void Dispose()
    {
        Kill();
        SpeakAgain();
        _own.Dispose();
    }

    private sealed record Life(SimulatedEngine Engine, AgentCore Core, HttpManagerLink Link, ServedAgent Served);
}

/// <summary>What all hosts of a fleet share.</summary>
/// <param name="Managers">Their URLs for agents.</param>
internal sealed record FleetParts(PlatformTrust Trust, IReadOnlyList<string> Managers, TimeProvider Time, int Seed, ILogger Logger)
{
    /// <summary>Thousands of journals are in one memory: what has ended is forgotten after a minute.</summary>
    public DeskOptions Desk { get; init; } = new() { Retention = TimeSpan.FromMinutes(1), SweepInterval = TimeSpan.FromSeconds(30) };

    public ReporterOptions Reporter { get; init; } = new();
}
