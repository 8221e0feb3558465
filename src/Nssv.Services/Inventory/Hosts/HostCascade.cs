using Nssv.Contracts.Inventory;
using Nssv.Kernel;
using Nssv.Kernel.Cascade;

namespace Nssv.Services.Inventory.Hosts;

/// <summary>What a silent host holds cannot be removed from it, nor may it be forgotten while it may be running.</summary>
internal sealed class HostCascade : ICascadeHook
{
    public string Kind => "host";

    public async ValueTask<CascadeFindings> Look(CascadeLook look, CancellationToken cancel)
    {
        var silent = await look.Store.Select(
            "SELECT id, name FROM hosts WHERE id {in0} AND agent_url IS NOT NULL AND state NOT IN (@p1, @p2) AND fence_state NOT IN (@p3, @p4) ORDER BY id",
            [look.Ids, HostState.Connected, HostState.Reconciling, FenceState.Fenced, FenceState.ConfirmedByHuman], row => (Id: Id.Parse(row.GetString(0)), Name: row.GetString(1)));
        return new()
        {
            Hindrances = [.. silent.Select(host => new CascadeHindrance(
                Kind, host.Id, host.Name, $"host '{host.Name}' does not answer.", "Bring the host back, or make sure that it is off and confirm that with hosts/{id}:confirmDown."))],
        };
    }
}
