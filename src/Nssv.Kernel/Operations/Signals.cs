using Nssv.Kernel.Events;

namespace Nssv.Kernel.Operations;

/// <summary>
/// Wakes steps that wait for something about a resource. Memory only: whoever waits looks at durable state first, and again after each wake.
/// Every event of the resource wakes them, whichever node committed it.
/// </summary>
public sealed class Signals : IEventObserver
{
    private readonly Lock _gate = new();
    private readonly Dictionary<Id, (TaskCompletionSource Raised, int Waiters)> _waiting = [];

    /// <summary>A task that ends at the next <see cref="Raise"/>. Take it before looking at the state.</summary>
    public async Task Next(Id resource, CancellationToken cancel)
    {
        TaskCompletionSource raised;
        lock (_gate)
        {
            var (known, waiters) = _waiting.GetValueOrDefault(resource);
            raised = known ?? new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            _waiting[resource] = (raised, waiters + 1);
        }

        try
        {
            await raised.Task.OrCancelled(cancel);
        }
        finally
        {
            lock (_gate)
            {
                if (_waiting.TryGetValue(resource, out var now) && now.Raised == raised)
                {
                    if (now.Waiters == 1)
                        _waiting.Remove(resource);
                    else
                        _waiting[resource] = (raised, now.Waiters - 1);
                }
            }
        }
    }

    public void Raise(Id resource)
    {
        (TaskCompletionSource Raised, int Waiters) waiting;
        lock (_gate)
        {
            if (!_waiting.Remove(resource, out waiting))
                return;
        }

        waiting.Raised.TrySetResult();
    }

    /// <inheritdoc/>
    public void Committed(IReadOnlyList<Event> events)
    {
        foreach (var change in events)
            Raise(change.ResourceId);
    }
}
