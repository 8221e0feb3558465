using System.Text.Json;
using Nssv.Kernel.Agents;
using Nssv.Kernel.Calls;
using Nssv.Kernel.Data;
using Nssv.Kernel.Events;
using Nssv.Kernel.Operations;
using Nssv.Kernel.Ownership;

namespace Nssv.Kernel.Peers;

/// <summary>Does what other management nodes ask for, on what this node owns.</summary>
public sealed class PeerInbox
{
    private readonly TurnCatalog _turns;
    private readonly OwnTurns _own;
    private readonly OperationEngine _operations;
    private readonly HostConnections _links;
    private readonly IOwnership _ownership;
    private readonly EventStream _events;
    private readonly IStore _store;

    internal PeerInbox(TurnCatalog turns, OwnTurns own, OperationEngine operations, HostConnections links, IOwnership ownership, EventStream events, IStore store) =>
        (_turns, _own, _operations, _links, _ownership, _events, _store) = (turns, own, operations, links, ownership, events, store);

    public async Task<PeerReply> Take(PeerRequest request)
    {
        try
        {
            return new PeerReply(PeerOutcome.Done, await Do(request));
        }
        catch (Exception e) when (e is NotOwnerException or FencedException)
        {
            return new PeerReply(PeerOutcome.NotOwner, Detail: e.Message);
        }
        catch (ProblemException e)
        {
            return new PeerReply(PeerOutcome.Refused, Problem: e.Problem);
        }
        catch (OutcomeUnknownException e)
        {
            return new PeerReply(PeerOutcome.Unknown, Detail: e.Message);
        }
        catch (UniqueException e)
        {
            return new PeerReply(PeerOutcome.NotUnique, Detail: e.Message);
        }
        catch (ReferenceException e)
        {
            return new PeerReply(PeerOutcome.Referenced, Detail: e.Message);
        }
        catch (ConcurrencyException e)
        {
            return new PeerReply(PeerOutcome.Conflict, Detail: e.Key);
        }
    }

    private async Task<JsonElement?> Do(PeerRequest request)
    {
        switch (request)
        {
            case PeerCall call:
                var called = Read(call.Type, call.Body);
                return await _turns.CallTurn(called.GetType()).Run(_own, called, call.Key, await Hold(called.Target), call.Key is { } key ? StepGuard.Of(key.OperationId, key.Step) : null);
            case PeerAccept accept:
                var order = new AcceptOrder(Read(accept.Type, accept.Body), accept.Caller, accept.Options, accept.OperationId, accept.Parent, accept.Repeated);
                return Json(await _own.Accept(order, await Hold(order.Request.Target), accept.Parent is { } parent ? StepGuard.Of(parent.Id, parent.Call) : null));
            case PeerCancel cancel:
                var operation = await _store.Get<Operation>(cancel.OperationId);
                return Json(await _operations.Cancel(operation.Id, await Hold(operation.TargetId), cancel.Note));
            case PeerResolve resolve:
                var stopped = await _store.Get<Operation>(resolve.OperationId);
                return Json(await _operations.Resolve(stopped.Id, resolve.How, await Hold(stopped.TargetId), resolve.Note));
            case PeerCleanUp cleanUp:
                // What the host's owner has seen may not have come here yet.
                if (_links.Of(cleanUp.HostId) == HostLink.Unreachable)
                    _links.Set(cleanUp.HostId, HostLink.Reconciling);
                return Json(await _operations.CleanUp(cleanUp.HostId));
            case PeerBell bell:
                if (bell.Sequence is { } sequence)
                    _events.Heard(sequence);
                else
                    _ownership.LookSoon();
                return null;
            default:
                throw new Problem(400, "unknown-peer-request", "This version does not know what another management node asks for.", request.GetType().Name, "Bring both to the same version.").AsException();
        }
    }

    private async Task<ShardHold> Hold(Id target)
    {
        var hold = _ownership.Hold(target) ?? throw new NotOwnerException("It holds no such shard.");
        await hold.Ready;
        return hold;
    }

    private Request Read(string type, JsonElement body) => (Request)body.Deserialize(_turns.TypeOf(type), KernelJson.Options)!;

    private static JsonElement Json<T>(T value) => JsonSerializer.SerializeToElement(value, KernelJson.Options);
}
