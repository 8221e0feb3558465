using Nssv.Contracts.Inventory;
using Nssv.Kernel;
using Nssv.Kernel.Agents;

namespace Nssv.Services.Inventory.Observation;

// Hosts that other nodes look after: this one knows of them what their rows say.
public sealed partial class HostObservation
{
    /// <summary>Events tell at once; the rows, a little later, also what a read that crossed them has missed.</summary>
    private async Task FollowOthers()
    {
        if (ownership.Peers.Count == 0)
            return;
        try
        {
            foreach (var (id, state) in await store.Select("SELECT id, state FROM hosts", [], row => (Id.Parse(row.GetString(0)), row.GetString(1))))
                Follow(id, Enum.Parse<HostState>(state, ignoreCase: true));
        }
        catch (ProblemException e)
        {
            LogFollowFailed(log, e);
        }
    }

    private void Follow(Id hostId, HostState state)
    {
        if (ownership.Hold(hostId) is not null)
            return;
        var link = state switch
        {
            HostState.Connected => HostLink.Connected,
            HostState.Reconciling => HostLink.Reconciling,
            _ => HostLink.Unreachable,
        };
        if (links.Of(hostId) != link)
            links.Set(hostId, link);
    }
}
