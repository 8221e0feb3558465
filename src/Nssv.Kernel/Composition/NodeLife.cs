using Nssv.Kernel.Data;
using Nssv.Kernel.Events;
using Nssv.Kernel.Operations;
using Nssv.Kernel.Ownership;

namespace Nssv.Kernel.Composition;

/// <summary>A node's beginning and end, once it has been put together.</summary>
public sealed class NodeLife(
    OperationEngine operations, IOwnership ownership, EventStream events, IStore store, IEnumerable<IShardListener> listeners, IEnumerable<IEventObserver> observers)
{
    /// <summary>Takes its place among the nodes of the platform, and takes up what was left on the shards that are its own.</summary>
    public async Task Start()
    {
        foreach (var observer in observers)
            events.Listen(observer);
        // Operations are taken up before anything else hears of a shard: the engine listens first, since it was made with the bus.
        foreach (var listener in listeners)
            ownership.Listen(listener);
        events.Heard((await store.Select("SELECT seq FROM outbox_head WHERE id = 1", [], row => row.GetInt64(0)))[0]);
        await ownership.Start();
    }

    /// <summary>Starts nothing more, and gives its shards to the others.</summary>
    public async Task Stop()
    {
        operations.Stop();
        if (ownership is Membership membership)
            await membership.Leave();
    }
}
