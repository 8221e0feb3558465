using System.Text.Json;
using System.Text.Json.Serialization;
using Nssv.Kernel.Calls;
using Nssv.Kernel.Events;
using Nssv.Kernel.Operations;

namespace Nssv.Kernel.Peers;

/// <summary>Where another management node is reached by its peers.</summary>
/// <param name="Url">Such as https://192.0.2.1:7443/, without a path.</param>
/// <param name="AgentUrl">Where agents reach it.</param>
public sealed record PeerAddress(Id MemberId, string Url, string AgentUrl);

/// <summary>What one management node says to another. The names are for ever; fields are only added.</summary>
[JsonPolymorphic(TypeDiscriminatorPropertyName = "kind")]
[JsonDerivedType(typeof(PeerCall), "call")]
[JsonDerivedType(typeof(PeerAccept), "accept")]
[JsonDerivedType(typeof(PeerCancel), "cancel")]
[JsonDerivedType(typeof(PeerResolve), "resolve")]
[JsonDerivedType(typeof(PeerCleanUp), "clean-up")]
[JsonDerivedType(typeof(PeerBell), "bell")]
public abstract record PeerRequest;

/// <summary>Run a turn for a service of mine. The same key twice changes nothing the second time.</summary>
/// <param name="Type">Name of the request's type.</param>
public sealed record PeerCall(string Type, JsonElement Body, CallKey? Key) : PeerRequest;

/// <summary>Accept a person's request, or that of a step.</summary>
/// <param name="OperationId">Chosen by who asks: the same twice is one operation.</param>
/// <param name="Repeated">It may have been accepted already: look first.</param>
public sealed record PeerAccept(
    string Type, JsonElement Body, Caller Caller, AcceptOptions Options, Id OperationId, ParentOperation? Parent, bool Repeated) : PeerRequest;

/// <summary>Cancel an operation of yours.</summary>
/// <param name="Note">For the audit.</param>
public sealed record PeerCancel(Id OperationId, EventDraft? Note = null) : PeerRequest;

/// <summary>Retry, undo or dismiss an operation of yours that needs attention.</summary>
/// <param name="Note">For the audit.</param>
public sealed record PeerResolve(Id OperationId, Resolution How, EventDraft? Note = null) : PeerRequest;

/// <summary>A host is back: run what operations of yours left to clean up on it.</summary>
public sealed record PeerCleanUp(Id HostId) : PeerRequest;

/// <summary>I have committed events up to this number; or, without one: look at the members and shards.</summary>
public sealed record PeerBell(long? Sequence) : PeerRequest;

/// <param name="Result">What the turn answered, or the operation.</param>
/// <param name="Detail">What is known of an outcome that is neither done nor refused.</param>
public sealed record PeerReply(PeerOutcome Outcome, JsonElement? Result = null, Problem? Problem = null, string? Detail = null);

public enum PeerOutcome
{
    Done,
    /// <summary>The resource is not mine (any more): nothing was done.</summary>
    NotOwner,
    /// <summary>With a problem; nothing was done.</summary>
    Refused,
    /// <summary>The database was lost while committing.</summary>
    Unknown,
    /// <summary>A unique key refused a row.</summary>
    NotUnique,
    /// <summary>A foreign key refused a row.</summary>
    Referenced,
    /// <summary>A conditional update met no row.</summary>
    Conflict,
}
