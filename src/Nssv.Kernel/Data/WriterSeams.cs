using Nssv.Kernel.Events;

namespace Nssv.Kernel.Data;

/// <summary>Where batches are committed. Chosen by the composition root: a thread of its own in production, the node's own turn of events in the simulation.</summary>
public interface IWriterThread : IDisposable
{
    /// <summary>Runs the work soon, one piece at a time, in order.</summary>
    void Post(Action work);
}

/// <summary>Hears of every committed batch, in order, before the callers do. Must be quick and must not throw: it runs where batches are committed.</summary>
public interface ICommitObserver
{
    void Committed(IReadOnlyList<Event> events);
}

/// <summary>What the simulation may do to a commit.</summary>
public enum CommitFault
{
    None,
    /// <summary>The node dies here: nobody gets an answer, and this writer never does anything again.</summary>
    Crash,
    /// <summary>The connection is lost here: the callers get <see cref="OutcomeUnknownException"/>.</summary>
    Lost,
}

/// <summary>Asked before each batch begins (nothing of it is there) and after it is committed (all of it is there) but not yet acknowledged.</summary>
public interface ICommitFaults
{
    CommitFault BeforeBatch(int units);
    CommitFault AfterCommit(int units);
}

/// <summary>Settings of a <see cref="Writer"/>; all may be left out.</summary>
public sealed record WriterOptions
{
    /// <summary>Clock of derived events.</summary>
#pragma warning disable RS0030 // The default of a composition root that gives none; a simulation always gives one.
    public TimeProvider Time { get; init; } = TimeProvider.System;
#pragma warning restore RS0030

    /// <summary>Null: a thread of its own.</summary>
    public IWriterThread? Thread { get; init; }

    public IReadOnlyList<ICommitObserver> Observers { get; init; } = [];

    public ICommitFaults? Faults { get; init; }

    /// <summary>Null: nothing is counted.</summary>
    public WriterMetrics? Metrics { get; init; }

    /// <summary>Called once when a newer generation owns the database: the process must stop itself.</summary>
    public Action<FencedException>? Fenced { get; init; }

    /// <summary>Called when an observer throws or the writer meets an error of its own.</summary>
    public Action<Exception>? Failed { get; init; }

    /// <summary>Units in one transaction at most.</summary>
    public int BatchUnits { get; init; } = 512;

    /// <summary>Units that may wait; more are refused with 503.</summary>
    public int QueuedUnits { get; init; } = 20_000;
}
