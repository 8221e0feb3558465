using System.Text.Json.Nodes;
using Nssv.Kernel.Data;
using Nssv.Kernel.Events;

namespace Nssv.Kernel.Operations;

/// <summary>Tells whoever waits on this node that an operation has ended, whichever node ran it. Register first, then look at the row.</summary>
public sealed class OperationEnds(IStore store) : IEventObserver
{
    private readonly Lock _gate = new();
    private readonly Dictionary<Id, List<TaskCompletionSource<Operation>>> _waiting = [];

    public async Task<Operation> Next(Id operationId, CancellationToken cancel)
    {
        var waiter = new TaskCompletionSource<Operation>(TaskCreationOptions.RunContinuationsAsynchronously);
        lock (_gate)
        {
            if (!_waiting.TryGetValue(operationId, out var waiters))
                _waiting[operationId] = waiters = [];
            waiters.Add(waiter);
        }

        try
        {
            return await waiter.Task.OrCancelled(cancel);
        }
        finally
        {
            lock (_gate)
            {
                if (_waiting.TryGetValue(operationId, out var waiters) && waiters.Remove(waiter) && waiters.Count == 0)
                    _waiting.Remove(operationId);
            }
        }
    }

    public void Ended(Operation operation)
    {
        List<TaskCompletionSource<Operation>>? waiters;
        lock (_gate)
            _waiting.Remove(operation.Id, out waiters);
        foreach (var waiter in waiters ?? [])
            waiter.TrySetResult(operation);
    }

    /// <inheritdoc/>
    public void Committed(IReadOnlyList<Event> events)
    {
        foreach (var change in events)
        {
            if (change.ResourceType != "operation")
                continue;
            bool awaited;
            lock (_gate)
                awaited = _waiting.ContainsKey(change.ResourceId);
            // Only what somebody waits for is parsed.
            if (awaited && change.Data["state"] is JsonValue state && Enum.TryParse<OperationState>(state.GetValue<string>(), ignoreCase: true, out var reached) && reached.IsEnd())
                _ = Tell(change.ResourceId);
        }
    }

    private async Task Tell(Id operationId)
    {
        await Task.Yield();
        try
        {
            if (await store.Find<Operation>(operationId) is { } operation && operation.HasEnded())
                Ended(operation);
        }
        catch (ProblemException)
        {
            // The database is away; who waits has a time-out of its own and looks again.
        }
    }
}

/// <summary>Questions about an operation's state.</summary>
public static class OperationStates
{
    public static bool HasEnded(this Operation operation) => operation.State.IsEnd();

    public static bool IsEnd(this OperationState state) => state is OperationState.Succeeded or OperationState.Failed or OperationState.NeedsAttention;
}
