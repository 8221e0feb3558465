using Nssv.Contracts.Agent;

namespace Nssv.Agent.Protocol;

/// <summary>Which manager this host tells what it sees: the one that looks after it, or, until it is known, whichever answers.</summary>
/// <param name="managers">URLs to begin with.</param>
/// <param name="learned">Called when the list of managers has changed: it outlives the agent.</param>
public sealed class ManagerRoute(IReadOnlyList<string> managers, Action<IReadOnlyList<string>>? learned = null)
{
    /// <summary>A shard on its way from one manager to another may send the host back and forth a few times.</summary>
    private const int MostHops = 4;

    private readonly Lock _gate = new();
    private IReadOnlyList<string> _managers = managers;
    private string _current = managers[0];

    /// <summary>Sends a heartbeat to where it belongs.</summary>
    public async Task<HeartbeatReply> Beat(Func<string, Task<HeartbeatReply>> send)
    {
        for (var hop = 1; ; hop++)
        {
            var reply = await Send(send);
            Learn(reply.ManagerUrls);
            if (reply.OwnerUrl is not { } owner || hop == MostHops)
                return reply.OwnerUrl is null ? reply : throw new InvalidOperationException("The managers do not agree on who looks after this host");
            lock (_gate)
                _current = owner;
        }
    }

    /// <summary>Sends to the manager that answered last; if it does not answer now, the next one is tried next time.</summary>
    public async Task<T> Send<T>(Func<string, Task<T>> send)
    {
        string current;
        lock (_gate)
            current = _current;
        try
        {
            return await send(current);
        }
        catch (Exception)
        {
            lock (_gate)
            {
                if (_current == current)
                    _current = After(current);
            }

            throw;
        }
    }

    private string After(string url)
    {
        for (var i = 0; i < _managers.Count; i++)
        {
            if (_managers[i] == url)
                return _managers[(i + 1) % _managers.Count];
        }

        return _managers[0];
    }

    private void Learn(IReadOnlyList<string>? managers)
    {
        lock (_gate)
        {
            if (managers is not { Count: > 0 } || managers.SequenceEqual(_managers))
                return;
            _managers = managers;
        }

        learned?.Invoke(managers);
    }
}
