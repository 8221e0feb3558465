using System.Text.Json.Nodes;
using Nssv.Kernel.Data;
using Nssv.Kernel.Model;

namespace Nssv.Kernel.Calls;

/// <summary>What a turn may look at: committed rows, the time, new ids. It writes nothing by itself.</summary>
public class TurnContext(IStore store, TimeProvider time, IIdSource ids)
{
    public IStore Store { get; } = store;
    public IIdSource Ids { get; } = ids;

    /// <summary>Now, in whole microseconds: what a database keeps.</summary>
    public DateTimeOffset Now { get; } = Clock.Now(time);
}

/// <summary>What the turn of a person's request may look at.</summary>
public sealed class AcceptContext(IStore store, TimeProvider time, IIdSource ids, Caller caller, Id operation, Id? parentOperation) : TurnContext(store, time, ids)
{
    public Caller Caller { get; } = caller;

    /// <summary>The operation that the request becomes.</summary>
    public Id Operation { get; } = operation;

    /// <summary>The operation whose step asked; null when a person did.</summary>
    public Id? ParentOperation { get; } = parentOperation;
}

/// <summary>What an accept turn decided: the intent to write, and the flow to run or the end at once.</summary>
/// <param name="Unit">Written in the same transaction as the operation.</param>
/// <param name="Flow">Name of the flow to run; null when the unit is all there is to do.</param>
/// <param name="Context">The flow's typed context.</param>
/// <param name="Result">The operation's result when it ends at once.</param>
public sealed record Decision(UnitOfWork Unit, string? Flow, object? Context, JsonObject? Result)
{
    public static Decision Run(string flow, object context, UnitOfWork? unit = null) => new(unit ?? new UnitOfWork(), flow, context, null);

    /// <summary>Everything is done by <paramref name="unit"/>; the operation is born succeeded.</summary>
    public static Decision Done(UnitOfWork? unit = null, JsonObject? result = null) => new(unit ?? new UnitOfWork(), null, null, result);
}

/// <summary>Any turn: what is registered with the container, and found by its request's type.</summary>
public interface ITurn;

/// <summary>Decides on a person's request that makes a new resource.</summary>
public abstract class CreateTurn<TRequest> : ITurn where TRequest : Request
{
    /// <summary>The kind of the resource that is made.</summary>
    public abstract Type ResourceType { get; }

    /// <summary>Reads, decides; throws a <see cref="ProblemException"/> to refuse.</summary>
    public abstract ValueTask<Decision> Decide(TRequest request, AcceptContext turn);
}

/// <summary>Decides on a person's request about an existing resource, which is read first: 404 without it, 412 when If-Match does not hold.</summary>
public abstract class AcceptTurn<TRequest, TResource> : ITurn where TRequest : Request where TResource : Resource
{
    /// <inheritdoc cref="CreateTurn{TRequest}.Decide"/>
    public abstract ValueTask<Decision> Decide(TRequest request, TResource resource, AcceptContext turn);
}

/// <summary>Answers a call from a step, or from a host's report: reads, decides, and returns one unit of work with the answer.</summary>
public abstract class CallTurn<TRequest, TResult> : ITurn where TRequest : Request<TResult>
{
    /// <summary>True when repeating it changes nothing by its very nature (its effect has a key of its own): then its answer need not be recorded.</summary>
    public virtual bool NaturallyKeyed => false;

    public abstract ValueTask<Answer<TResult>> Decide(TRequest request, TurnContext turn);

    protected static Answer<TResult> Answer(TResult result, UnitOfWork? unit = null) => new(result, unit ?? new UnitOfWork());
}

public sealed record Answer<TResult>(TResult Result, UnitOfWork Unit);
