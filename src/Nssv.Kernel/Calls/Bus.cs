using System.Collections.Concurrent;
using System.Text.Json;
using Nssv.Kernel.Data;
using Nssv.Kernel.Events;
using Nssv.Kernel.Operations;
using Nssv.Kernel.Ownership;
using Nssv.Kernel.Peers;

namespace Nssv.Kernel.Calls;

/// <summary>Brings requests to the node that owns their target, which is mostly this one.</summary>
internal sealed class Bus(TurnCatalog turns, OwnTurns own, Router router, OperationEngine operations, IStore store, IIdSource ids) : IBus
{
    private readonly ConcurrentDictionary<Type, object> _bindings = new();

    public Task<TResult> Call<TResult>(Request<TResult> request, CallKey? key = null) => Call(request, key, null);

    /// <param name="caller">Under which the operation runs whose step asks.</param>
    internal Task<TResult> Call<TResult>(Request<TResult> request, CallKey? key, ShardHold? caller)
    {
        var turn = (CallBinding<TResult>)_bindings.GetOrAdd(request.GetType(), static (type, catalog) => CallBinding<TResult>.For(catalog, type), turns);
        return router.Route(
            request.Target,
            (hold, _) => own.Call(turn, request, key, hold, caller, null),
            _ => new PeerCall(TurnCatalog.NameOf(request.GetType()), Json(request), key),
            repeatable: key is not null || turn.NaturallyKeyed);
    }

    public Task<Operation> Accept(Request request, Caller caller, AcceptOptions options) =>
        Accept(new AcceptOrder(request, caller, options, ids.Next(), null, Repeated: false));

    /// <summary>Accepts a request that a step makes; unique by (parent, call), so that a repeat finds the first one.</summary>
    internal Task<Operation> AcceptChild(Request request, Operation parent, string call, ShardHold caller) => Accept(new AcceptOrder(
        request, new Caller(parent.CreatedBy, parent.ProjectId, "operation", CallerRole.System), new AcceptOptions(), ids.Next(), ParentOperation.Of(parent, call), Repeated: false, caller));

    public async Task<Operation> Cancel(Id operationId, EventDraft? note = null)
    {
        var operation = await store.Get<Operation>(operationId);
        return await router.Route(operation.TargetId, (hold, _) => operations.Cancel(operationId, hold, note), _ => new PeerCancel(operationId, note), repeatable: true);
    }

    public async Task<Operation> Resolve(Id operationId, Resolution how, EventDraft? note = null)
    {
        var operation = await store.Get<Operation>(operationId);
        return await router.Route(operation.TargetId, (hold, _) => operations.Resolve(operationId, how, hold, note), _ => new PeerResolve(operationId, how, note), repeatable: false);
    }

    private Task<Operation> Accept(AcceptOrder order) => router.Route(
        order.Request.Target,
        (hold, repeated) => own.Accept(order with { Repeated = repeated }, hold, null),
        repeated => new PeerAccept(TurnCatalog.NameOf(order.Request.GetType()), Json(order.Request), order.Caller, order.Options, order.OperationId, order.Parent, repeated),
        repeatable: true);

    private static JsonElement Json(Request request) => JsonSerializer.SerializeToElement(request, request.GetType(), KernelJson.Options);
}
