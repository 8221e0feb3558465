using Nssv.Contracts.Inventory;
using Nssv.Kernel;
using Nssv.Kernel.Calls;
using Nssv.Kernel.Data;

namespace Nssv.Services.Inventory.Orphans;

/// <summary>Shows with the host what it holds and nothing accounts for.</summary>
internal sealed record ObserveOrphans(Id HostId, long Order, IReadOnlyList<HostOrphan> Orphans) : Request<bool>
{
    public override Id Target => HostId;
}

internal sealed class ObserveOrphansTurn : CallTurn<ObserveOrphans, bool>
{
    public override bool NaturallyKeyed => true;

    public override async ValueTask<Answer<bool>> Decide(ObserveOrphans request, TurnContext turn)
    {
        var host = await turn.Store.Find<Host>(request.HostId);
        return host is null || request.Order < host.ObservedSequence || host.Orphans.SequenceEqual(request.Orphans)
            ? Answer(false)
            : Answer(true, new UnitOfWork().Observe(host, host with { Orphans = request.Orphans }));
    }
}
