using Nssv.Contracts.Inventory;
using Nssv.Contracts.Storage;
using Nssv.Kernel;
using Nssv.Kernel.Agents;
using Nssv.Kernel.Calls;
using Nssv.Kernel.Data;
using Nssv.Kernel.Ownership;

namespace Nssv.Services.Inventory.Observation;

// A host that is back: what was left there is cleaned up before anything new.
public sealed partial class HostObservation
{
    private async Task Reconcile(Id hostId, HostSession session, long incarnation)
    {
        var compared = false;
        try
        {
            while (!await cleanUp.Run(hostId))
            {
                if (links.Of(hostId) == HostLink.Unreachable)
                    return;
                await Task.Delay(TimeSpan.FromSeconds(5), time);
            }

            lock (session)
            {
                if (session.Incarnation != incarnation || links.Of(hostId) != HostLink.Reconciling || _sessions.GetValueOrDefault(hostId) != session)
                    return;
                session.Synced = true;
                // Whatever the agent's next start tells from now on is compared anew, though this has not quite ended.
                session.Reconciling = false;
                compared = true;
                links.Set(hostId, HostLink.Connected);
            }

            await Write(hostId, session, Clock.Now(time), long.MaxValue, null);
            LogConnected(log, hostId, incarnation);
            await PrepareStorages(hostId);
        }
        catch (Exception e) when (e is not FencedException)
        {
            lock (session)
                session.Synced = false;
            LogReconcileFailed(log, hostId, e);
        }
        finally
        {
            if (!compared)
            {
                lock (session)
                    session.Reconciling = false;
            }
        }
    }

    /// <summary>Brings the storages of its cluster to a host that lacks some.</summary>
    private async Task PrepareStorages(Id hostId)
    {
        if (await bus.Call(new CountStoragesToPrepare(hostId)) > 0 && await store.Find<Host>(hostId) is { } host)
            await bus.Accept(new PrepareHostStorages(hostId), Caller.System(host.ProjectId), new AcceptOptions());
    }
}
