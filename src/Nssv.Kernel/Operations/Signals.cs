namespace Nssv.Kernel.Operations;

/// <summary>Wakes steps that wait for something outside. Memory only: whoever waits looks at durable state first, and again after each wake.</summary>
public sealed class Signals
{
    private readonly Lock _gate = new();
    private readonly Dictionary<(Id, string), TaskCompletionSource> _waiting = [];

    /// <summary>A task that ends at the next <see cref="Raise"/>. Take it before looking at the state.</summary>
    public Task Next(Id resource, string signal, CancellationToken cancel)
    {
        lock (_gate)
        {
            if (!_waiting.TryGetValue((resource, signal), out var waiter))
                _waiting[(resource, signal)] = waiter = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            return waiter.Task.OrCancelled(cancel);
        }
    }

    public void Raise(Id resource, string signal)
    {
        TaskCompletionSource? waiter;
        lock (_gate)
            _waiting.Remove((resource, signal), out waiter);
        waiter?.TrySetResult();
    }
}
