using Nssv.Kernel.Events;
using Nssv.Kernel.Operations;

namespace Nssv.Kernel.Calls;

/// <summary>The only way from one service to another, and from the API to any.</summary>
public interface IBus
{
    /// <summary>Runs the request's turn on its target's mailbox and returns its answer. Without a key it may be repeated by no one: for turns whose effect is naturally keyed, and for reads.</summary>
    Task<TResult> Call<TResult>(Request<TResult> request, CallKey? key = null);

    /// <summary>Accepts a person's request: validate, authorise, idempotency, intent and operation in one durable unit.</summary>
    /// <exception cref="ProblemException">Refused; nothing was changed.</exception>
    Task<Operation> Accept(Request request, Caller caller, AcceptOptions options);

    /// <summary>Asks an operation to stop and be undone. One that waits for its claim ends at once.</summary>
    /// <param name="note">For the audit; written with the wish.</param>
    /// <exception cref="ProblemException">It has ended, or nothing of it can be taken back any more.</exception>
    Task<Operation> Cancel(Id operationId, EventDraft? note = null);

    /// <summary>Retries, undoes or dismisses an operation that needs attention.</summary>
    /// <param name="note">For the audit; written with the decision.</param>
    /// <exception cref="ProblemException">409: it needs none, or cannot be taken back.</exception>
    Task<Operation> Resolve(Id operationId, Resolution how, EventDraft? note = null);
}

/// <summary>Identity of a call made by a step: written in the same transaction as its effect, so that a repeat after a crash changes nothing.</summary>
/// <param name="Ordinal">Counts the calls of this step.</param>
public readonly record struct CallKey(Id OperationId, string Step, int Ordinal)
{
    public override string ToString() => $"{OperationId}/{Step}/{Ordinal}";
}

/// <param name="IdempotencyKey">Unique by account for 24 h; the same key with another body is refused with 422.</param>
/// <param name="BodyHash">SHA-256 of method, path and body, hex.</param>
/// <param name="IfMatch">The version that the target must have (412 otherwise).</param>
public sealed record AcceptOptions(string? IdempotencyKey = null, string? BodyHash = null, long? IfMatch = null);
