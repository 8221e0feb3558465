using Nssv.Contracts.Inventory;
using Nssv.Kernel;
using Nssv.Kernel.Calls;
using Nssv.Kernel.Data;

namespace Nssv.Services.Inventory.Hosts;

/// <summary>Takes a person's word that a silent host is off. The operation is the record of who gave it, and when.</summary>
internal sealed class ConfirmHostDownTurn : AcceptTurn<ConfirmHostDown, Host>
{
    public override ValueTask<Decision> Decide(ConfirmHostDown request, Host host, AcceptContext turn) =>
        host.State != HostState.Disconnected ? throw NotDisconnected(host).AsException()
        : ValueTask.FromResult(Decision.Run("host.confirm-down", new HostDown { HostId = host.Id }, new UnitOfWork().Observe(host, host with { FenceState = FenceState.ConfirmedByHuman })));

    private static Problem NotDisconnected(Host host) =>
        new(409, "host-not-disconnected", "The host is not disconnected.",
            $"Host '{host.Name}' is {host.State.ToString().ToLowerInvariant()}; only a host that has been silent can be confirmed to be off.",
            "Turn the host off and wait until it is shown as disconnected.");
}
