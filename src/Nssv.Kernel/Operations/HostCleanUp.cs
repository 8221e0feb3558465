using Nssv.Kernel.Agents;
using Nssv.Kernel.Data;
using Nssv.Kernel.Ownership;
using Nssv.Kernel.Peers;

namespace Nssv.Kernel.Operations;

/// <summary>Runs what failed operations left on a host that has come back, before it gets any new work. Each node runs that of its own operations.</summary>
public sealed class HostCleanUp(OperationEngine operations, IOwnership ownership, IPeerTransport peers, IStore store, TimeProvider time)
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    /// <returns>True when nothing is left, whoever it belonged to.</returns>
    public async Task<bool> Run(Id hostId)
    {
        await operations.CleanUp(hostId);
        if (await Left(hostId))
        {
            foreach (var peer in ownership.Peers)
                await Ask(peer, hostId);
        }

        return !await Left(hostId);
    }

    private async Task Ask(PeerAddress peer, Id hostId)
    {
        try
        {
            using var limit = new CancellationTokenSource(Patience, time);
            await peers.Send(peer, new PeerCleanUp(hostId), limit.Token);
        }
        catch (Exception e) when (e is PeerUnreachableException or OperationCanceledException)
        {
            // If it is dead, its shards will be another's: what is left is counted, and asked for again.
        }
    }

    private async Task<bool> Left(Id hostId) =>
        await store.Count<Operation>(Condition.Equal(nameof(Operation.CleanupHostId), hostId), Condition.Equal(nameof(Operation.CleanupPending), true)) > 0;
}
