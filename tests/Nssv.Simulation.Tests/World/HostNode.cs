using Nssv.Agent;
using Nssv.Contracts.Agent;
using Nssv.Kernel;
using Nssv.Kernel.Agents;
using Nssv.Kernel.Data;
using Nssv.Simulator;

namespace Nssv.Simulation.Tests.World;

/// <summary>A host over all lives of its agent. Its machine and its journal stay.</summary>
internal sealed class HostNode
{
    private readonly SimulatedWorld _world;
    private readonly CrashPoints _points;
    private readonly Dice _dice;
    private int _lives;

    public HostNode(SimulatedWorld world, CrashPoints points, SimulatedNetwork network, Id id, string name)
    {
        (_world, _points, _dice, Id, Name) = (world, points, world.Dice.Fork(), id, name);
        Context = new NodeContext(world, name, TimeSpan.Zero);
        Context.Kill();
        Host = new(id, network, new()
        {
            Time = new LivesClock(() => Context),
            Chance = world.Dice.Fork(),
            Faults = new Faults(this),
            Behaviour = new EngineBehaviour
            {
                Latency = _ => Latency(_dice),
                Refuse = (command, scope) => Refuses(_dice, command, scope),
                BeforeEffect = (command, scope) =>
                {
                    Effect?.Invoke(this, command, scope);
                    return Task.CompletedTask;
                },
            },
        });
        Host.Died += Kill;
    }

    public Id Id { get; }
    public string Name { get; }
    public SimulatedHost Host { get; }
    public SimulatedMachine Machine => Host.Machine;
    public NodeContext Context { get; private set; }

    /// <summary>How long a command takes.</summary>
    public Func<Dice, TimeSpan> Latency { get; set; } = static dice => dice.Between(TimeSpan.FromMilliseconds(1), TimeSpan.FromMilliseconds(20));

    /// <summary>Whether a command fails on this host.</summary>
    public Func<Dice, Command, CommandScope, Problem?> Refuses { get; set; } = static (_, _, _) => null;

    /// <summary>Called just before a command takes effect.</summary>
    public Action<HostNode, Command, CommandScope>? Effect { get; set; }

    public void Start()
    {
        Kill();
        Context = new NodeContext(_world, $"{Name}#{++_lives}", TimeSpan.Zero);
        _world.Note(Context.Name, "starts");
        Context.Post(() => _ = Begin());
    }

    private async Task Begin()
    {
        try
        {
            await Host.Start();
        }
        catch (LinkBrokenException)
        {
            // Killed before it was up.
        }
        catch (Exception e)
        {
            _world.Faults.Add($"{Context.Name}: {e}");
        }
    }

    public void Kill()
    {
        if (Context.IsDead)
            return;
        _world.Note(Context.Name, "is killed");
        Context.Kill();
        Host.Kill();
    }

    public void CutPower()
    {
        Kill();
        _world.Note(Name, "loses its power");
        Machine.CutPower();
    }

    /// <summary>The journal's commits of whichever life it is.</summary>
    private sealed class Faults(HostNode host) : ICommitFaults
    {
        public CommitFault BeforeBatch(int units) => Fault("begins a journal commit");
        public CommitFault AfterCommit(int units) => Fault("has committed its journal");

        private CommitFault Fault(string what) =>
            host._points.Hit(host.Context, what) ? CommitFault.Crash : CommitFault.None;
    }
}
