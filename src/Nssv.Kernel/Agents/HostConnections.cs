namespace Nssv.Kernel.Agents;

/// <summary>How far a host's agent has come since this node last heard of it.</summary>
public enum HostLink
{
    Unreachable,
    /// <summary>Back, but what it runs has not been compared yet: only stored clean-up may command it.</summary>
    Reconciling,
    Connected,
}

/// <summary>What this node knows of the links to hosts; memory only, filled by heartbeats.</summary>
public sealed class HostConnections
{
    private readonly Lock _gate = new();
    private readonly Dictionary<Id, HostLink> _links = [];
    private readonly Dictionary<Id, List<(HostLink AtLeast, TaskCompletionSource Reached)>> _waiting = [];

    public HostLink Of(Id host)
    {
        lock (_gate)
            return _links.GetValueOrDefault(host);
    }

    /// <summary>How many hosts are at each link state.</summary>
    public IReadOnlyList<(HostLink Link, int Hosts)> Counts()
    {
        lock (_gate)
            return [.. Enum.GetValues<HostLink>().Select(link => (link, _links.Values.Count(known => known == link)))];
    }

    public void Set(Id host, HostLink link)
    {
        List<TaskCompletionSource> reached = [];
        lock (_gate)
        {
            _links[host] = link;
            if (_waiting.TryGetValue(host, out var waiting))
            {
                reached.AddRange(waiting.Where(w => w.AtLeast <= link).Select(w => w.Reached));
                waiting.RemoveAll(w => w.AtLeast <= link);
            }
        }

        foreach (var waiter in reached)
            waiter.TrySetResult();
    }

    /// <summary>The host has been removed from the platform: whoever waits for it waits in vain.</summary>
    public void Remove(Id host)
    {
        List<(HostLink, TaskCompletionSource Reached)>? waiting;
        lock (_gate)
        {
            _links.Remove(host);
            _waiting.Remove(host, out waiting);
        }

        foreach (var (_, reached) in waiting ?? [])
            reached.TrySetException(new HostUnreachableException(host, $"Host {host} has been removed."));
    }

    /// <summary>Returns when the link is at least so good.</summary>
    /// <exception cref="HostUnreachableException">The host has been removed meanwhile.</exception>
    public Task WaitFor(Id host, HostLink atLeast, CancellationToken cancel)
    {
        TaskCompletionSource reached;
        lock (_gate)
        {
            if (_links.GetValueOrDefault(host) >= atLeast)
                return Task.CompletedTask;
            if (!_waiting.TryGetValue(host, out var waiting))
                _waiting[host] = waiting = [];
            reached = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            waiting.Add((atLeast, reached));
        }

        return reached.Task.OrCancelled(cancel);
    }
}
