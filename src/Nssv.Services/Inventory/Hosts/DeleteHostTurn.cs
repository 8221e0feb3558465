using Nssv.Contracts.Inventory;
using Nssv.Contracts.Storage;
using Nssv.Kernel.Calls;
using Nssv.Kernel.Cascade;
using Nssv.Kernel.Data;
using Nssv.Kernel.Operations;

namespace Nssv.Services.Inventory.Hosts;

/// <summary>
/// Removes a host that nothing refers to. With its row goes the fingerprint, so its agent's certificate is refused from then on;
/// clean-up that waited for its return is dropped, for it will never come.
/// </summary>
internal sealed class DeleteHostTurn(References references) : AcceptTurn<DeleteHost, Host>
{
    public override async ValueTask<Decision> Decide(DeleteHost request, Host host, AcceptContext turn)
    {
        await references.MakeSureFree(host);
        var unit = new UnitOfWork();
        foreach (var storage in await turn.Store.List<HostDataStorage>(Condition.Equal(nameof(HostDataStorage.HostId), host.Id)))
            unit.Delete(storage);
        foreach (var waiting in await turn.Store.List<Operation>(
            Condition.Equal(nameof(Operation.CleanupHostId), host.Id), Condition.Equal(nameof(Operation.CleanupPending), true)))
            unit.Observe(waiting, waiting with { CleanupPending = false, CleanupHostId = null });
        return Decision.Done(unit
            .Execute("enrolments", "DELETE FROM enrolments WHERE host_id = @p0", null, host.Id)
            .Delete(host));
    }
}
