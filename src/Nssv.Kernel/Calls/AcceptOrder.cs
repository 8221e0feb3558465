using Nssv.Kernel.Operations;
using Nssv.Kernel.Ownership;

namespace Nssv.Kernel.Calls;

/// <summary>A request to be accepted, with everything that must be the same if it is sent again.</summary>
/// <param name="OperationId">Of the operation that it becomes; chosen where it arrived.</param>
/// <param name="Repeated">It may have been accepted already, without its answer coming through.</param>
/// <param name="CallerHold">Under which the parent runs, when it is this node's.</param>
internal sealed record AcceptOrder(
    Request Request, Caller Caller, AcceptOptions Options, Id OperationId, ParentOperation? Parent, bool Repeated, ShardHold? CallerHold = null);

/// <summary>The operation whose step asks for a child.</summary>
/// <param name="TargetId">None where a node of the last release asks.</param>
/// <param name="Call">Names the child among those of its parent: a repeat finds the first one.</param>
public sealed record ParentOperation(Id Id, Id RootId, string Kind, string TargetType, string Call, Id TargetId = default)
{
    internal static ParentOperation Of(Operation parent, string call) => new(parent.Id, parent.RootId, parent.Kind, parent.TargetType, call, parent.TargetId);
}
