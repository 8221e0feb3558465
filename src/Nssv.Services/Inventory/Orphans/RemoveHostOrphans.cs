using Nssv.Contracts.Agent;
using Nssv.Contracts.Inventory;
using Nssv.Kernel;
using Nssv.Kernel.Calls;
using Nssv.Kernel.Flows;

namespace Nssv.Services.Inventory.Orphans;

internal sealed class RemoveHostOrphansTurn : AcceptTurn<RemoveHostOrphans, Host>
{
    public override ValueTask<Decision> Decide(RemoveHostOrphans request, Host host, AcceptContext turn) => new(
        host.State != HostState.Connected
            ? throw new Problem(409, "host-not-connected", "The host is not connected.", $"Host '{host.Name}' is {host.State.ToString().ToLowerInvariant()}.", "Bring it back, then repeat the request.").AsException()
            : host.Orphans.Count == 0 ? Decision.Done()
            : Decision.Run("host.remove-orphans", new HostClearing { HostId = host.Id, Orphans = host.Orphans }));
}

/// <summary>Domains first, because they hold layers.</summary>
[Step("inventory.remove-orphans")]
internal sealed class RemoveOrphansStep : Step<HostClearing>
{
    public override Id? Host(HostClearing clearing) => clearing.HostId;

    public override async Task Run(HostClearing clearing, StepContext<HostClearing> step)
    {
        foreach (var orphan in clearing.Orphans.OrderBy(o => o.Kind))
        {
            if (!await OrphanSearch.Still(step.Store, clearing.HostId, orphan))
                continue;
            if (orphan.Kind == OrphanKind.Domain)
                await step.Command(new RemoveDomain(orphan.Id));
            else
                await step.Command(new DeleteLayer(orphan.DataStorageId!.Value, orphan.Id));
        }

        await step.Call(new ObserveOrphans(clearing.HostId, long.MaxValue, []));
    }

    public override Task Undo(HostClearing clearing, StepContext<HostClearing> step) => NothingToUndo("what nobody accounts for is not brought back: it is the point of no return");
}
