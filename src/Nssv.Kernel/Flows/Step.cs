using Nssv.Kernel.Agents;
using Nssv.Kernel.Calls;
using Nssv.Kernel.Data;
using Nssv.Kernel.Operations;

namespace Nssv.Kernel.Flows;

/// <summary>Names a step for the flows that call it: "service.verb-noun". The names are for ever: frozen plans hold them.</summary>
[AttributeUsage(AttributeTargets.Class)]
public sealed class StepAttribute(string name) : Attribute
{
    public string Name { get; } = name;
}

/// <summary>Any step: what is registered with the container, and found by its name.</summary>
public interface IStep;

/// <summary>
/// Does one thing and knows how to take it back. Both halves may run twice, and <see cref="Undo"/> may run though <see cref="Run"/> never began.
/// </summary>
/// <typeparam name="TContext">The flow's context; what the step learns goes into it with <see cref="StepContext{T}.Save"/>.</typeparam>
public abstract class Step<TContext> : IStep where TContext : class
{
    /// <summary>The host that its commands go to; null for a step that commands none. Journaled before the step runs, so that it can be asked after a crash.</summary>
    public virtual Id? Host(TContext context) => null;

    public abstract Task Run(TContext context, StepContext<TContext> step);

    /// <summary>Takes back whatever Run may have done. A step with nothing to take back says why: <c>=> NothingToUndo("…")</c>.</summary>
    public abstract Task Undo(TContext context, StepContext<TContext> step);

    /// <param name="because">For the reader alone.</param>
    protected static Task NothingToUndo(string because)
    {
        _ = because;
        return Task.CompletedTask;
    }
}

/// <summary>What a step may do to the world.</summary>
public abstract class StepContext
{
    public abstract Operation Operation { get; }
    public abstract IStore Store { get; }
    public abstract TimeProvider Time { get; }
    public abstract IIdSource Ids { get; }

    /// <summary>Ends when a person cancels or the deadline passes; never while undoing.</summary>
    public abstract CancellationToken Cancelled { get; }

    /// <summary>Calls another service's turn, once, whatever crashes. Calls are told apart by their order: a step makes the same ones in the same order whenever it runs.</summary>
    public abstract Task<TResult> Call<TResult>(Request<TResult> request);

    /// <summary>Commands the step's host and waits for the result.</summary>
    /// <exception cref="ProblemException">The host could not do it.</exception>
    /// <exception cref="HostUnreachableException">The host did not answer within the step's deadline.</exception>
    public abstract Task<TResult> Command<TResult>(Command<TResult> command);

    /// <summary>Starts a child operation, once for this step, kind of request, target and name, and waits for its end.</summary>
    /// <param name="name">Tells apart requests of one kind about one target.</param>
    /// <exception cref="ProblemException">It was refused, or it failed.</exception>
    public abstract Task<Operation> Start(Request request, string? name = null);

    /// <summary>Waits for the children that an earlier run of this step has started.</summary>
    public abstract Task ChildrenEnded();

    /// <summary>Shows how far this step is, in percent; not a journal entry. Commands that tell of their progress do so by themselves.</summary>
    public abstract Task Progress(int percent);

    /// <summary>Waits until <paramref name="until"/> holds, looking again each time this signal is raised for the operation's target; the operation shows as waiting.</summary>
    public abstract Task Wait(Func<Task<bool>> until);

    /// <summary>What the person gets as the operation's result.</summary>
    public abstract void Result(System.Text.Json.Nodes.JsonObject result);
}

/// <inheritdoc/>
public abstract class StepContext<TContext> : StepContext where TContext : class
{
    /// <summary>Replaces the context; durable with the step's journal entry.</summary>
    public abstract void Save(TContext context);
}
