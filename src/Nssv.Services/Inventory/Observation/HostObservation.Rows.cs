using Nssv.Contracts.Agent;
using Nssv.Contracts.Inventory;
using Nssv.Kernel;
using Nssv.Kernel.Agents;

namespace Nssv.Services.Inventory.Observation;

// The rows of hosts, which follow their links.
public sealed partial class HostObservation
{
    /// <summary>
    /// The row follows the link. One write at a time, and each writes what the link is by then: whichever is the last, what it leaves is true.
    /// </summary>
    private Task Write(Id hostId, HostSession session, DateTimeOffset? heardAt, long order, Heartbeat? heartbeat)
    {
        lock (session)
            return session.Written = WriteAfter(session.Written, hostId, heardAt, order, heartbeat);
    }

    private async Task WriteAfter(Task earlier, Id hostId, DateTimeOffset? heardAt, long order, Heartbeat? heartbeat)
    {
        await Task.Yield();
        await earlier.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing | ConfigureAwaitOptions.ContinueOnCapturedContext);
        var state = links.Of(hostId) switch
        {
            HostLink.Connected => HostState.Connected,
            HostLink.Reconciling => HostState.Reconciling,
            _ => HostState.Disconnected,
        };
        await bus.Call(new ObserveHost(hostId, state, heardAt, order, heartbeat));
    }
}
