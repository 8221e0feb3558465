using System.Collections.Concurrent;

namespace Nssv.Kernel.Operations;

/// <summary>Tells whoever waits on this node that an operation has ended. Register first, then look at the row.</summary>
public sealed class OperationEnds
{
    private readonly ConcurrentDictionary<Id, TaskCompletionSource<Operation>> _waiting = new();

    public Task<Operation> Next(Id operationId, CancellationToken cancel) =>
        _waiting.GetOrAdd(operationId, static _ => new TaskCompletionSource<Operation>(TaskCreationOptions.RunContinuationsAsynchronously))
            .Task.OrCancelled(cancel);

    public void Ended(Operation operation)
    {
        if (_waiting.TryRemove(operation.Id, out var waiter))
            waiter.TrySetResult(operation);
    }
}

/// <summary>Questions about an operation's state.</summary>
public static class OperationStates
{
    public static bool HasEnded(this Operation operation) =>
        operation.State is OperationState.Succeeded or OperationState.Failed or OperationState.NeedsAttention;
}
