using Nssv.Kernel.Data;

namespace Nssv.Simulation.Tests.World;

/// <summary>
/// Every place where a process may die so that it matters: before and after each commit, each message sent, received or answered. Counted in order, so that
/// a scenario can be run once for each of them.
/// </summary>
internal sealed class CrashPoints(SimulatedWorld world)
{
    private readonly Dice _dice = world.Dice.Fork();

    /// <summary>Places passed so far.</summary>
    public long Passed { get; private set; }

    /// <summary>The place (counted from 0) at which whoever comes there dies; null: nobody.</summary>
    public long? At { get; set; }

    /// <summary>Of dying at any place.</summary>
    public double Probability { get; set; }

    /// <summary>Counts nothing before this.</summary>
    public bool Armed { get; set; }

    /// <summary>Where somebody died by this.</summary>
    public string? Struck { get; private set; }

    /// <summary>Ends a life.</summary>
    public required Action<NodeContext> Kill { get; init; }

    /// <summary>Whether this node may die here at all (a node that was given up already does not count).</summary>
    public required Func<NodeContext, bool> Counts { get; init; }

    /// <summary>True when the node died here.</summary>
    public bool Hit(NodeContext node, string what)
    {
        if (node.IsDead)
            return true;
        if (!Armed || !Counts(node))
            return false;
        var struck = At == Passed || Probability > 0 && _dice.Chance(Probability);
        Passed++;
        if (!struck)
            return false;
        Struck = $"{node.Name} {what}";
        world.Note(node.Name, $"dies where it {what}");
        Kill(node);
        return true;
    }
}

/// <summary>A writer's commits as places to die at, and to lose the connection at.</summary>
internal sealed class CommitPoints(SimulatedWorld world, NodeContext node, CrashPoints points) : ICommitFaults
{
    private readonly Dice _dice = world.Dice.Fork();

    /// <summary>Of a commit whose outcome the node does not learn.</summary>
    public Func<double> Lost { get; init; } = static () => 0;

    public CommitFault BeforeBatch(int units) => Fault("begins a commit", units);

    public CommitFault AfterCommit(int units) => Fault("has committed", units);

    private CommitFault Fault(string what, int units)
    {
        if (points.Hit(node, what))
            return CommitFault.Crash;
        if (Lost() is > 0 and var probability && _dice.Chance(probability))
        {
            world.Note(node.Name, $"{what} ({units}), and loses the connection");
            return CommitFault.Lost;
        }
        world.Note(node.Name, $"{what} ({units})");
        return CommitFault.None;
    }
}
