using Nssv.Contracts.Agent;
using Nssv.Contracts.Compute;
using Nssv.Kernel;
using Nssv.Kernel.Data;
using Nssv.Services.Inventory.Orphans;

namespace Nssv.Services.Inventory.Observation;

// What a host sees, and what is missing from it.
public sealed partial class HostObservation
{
    public async Task<ReportReceipt> Report(HostReport report)
    {
        if (ownership.Hold(report.HostId) is not { IsValid: true })
            throw Problems.Unavailable("Another manager looks after this host: its next heartbeat tells which.").AsException();
        var session = _sessions.GetOrAdd(report.HostId, _ => new HostSession(time.GetTimestamp()));
        var order = report.Sequence;
        bool reconcile;
        lock (session)
        {
            // A change before the whole list would be judged against nothing; the list that follows has it.
            if (order <= session.LastOrder || (!report.Full && !session.Synced && !session.Reconciling) || session.Incarnation > report.AgentIncarnation)
                return new ReportReceipt(report.Sequence);
            session.LastOrder = order;
            reconcile = report.Full && !session.Synced && !session.Reconciling;
            session.Reconciling |= reconcile;
            if (report.Full)
                session.LastComplete = time.GetTimestamp();
        }

        try
        {
            foreach (var domain in report.Domains)
                await bus.Call(new ObserveDomain(domain.VirtualMachineId, report.HostId, order, domain.State, domain.RunGeneration, domain.Reason, report.Full));
            if (report.Full)
                await ObserveAll(session, report, order);
        }
        catch
        {
            // The report is not taken in: its sender tells everything anew, and that begins again.
            lock (session)
            {
                session.Reconciling &= !reconcile;
                session.LastComplete = null;
            }

            throw;
        }

        if (reconcile)
            _ = Reconcile(report.HostId, session, report.AgentIncarnation);
        return new ReportReceipt(report.Sequence);
    }

    /// <summary>What the list does not name is not there; what it names and no row accounts for is an orphan.</summary>
    private async Task ObserveAll(HostSession session, HostReport report, long order)
    {
        await bus.Call(new ObserveOrphans(report.HostId, order, await OrphanSearch.Find(store, report)));
        var named = report.Domains.Select(d => d.VirtualMachineId).ToHashSet();
        foreach (var vm in await store.List<VirtualMachine>(Condition.Equal(nameof(VirtualMachine.PlacementHostId), report.HostId)))
        {
            if (!named.Contains(vm.Id) && IsSurelyLater(session, report, vm))
                await bus.Call(new ObserveDomain(vm.Id, report.HostId, order, DomainState.Absent, vm.RunGeneration, "not-on-host", Complete: true));
        }
    }

    /// <summary>
    /// Whether the list was made after the machine began to run. One that the network has kept back may be older; who was seen running by an earlier report
    /// cannot be missing from an older list, and of anybody else another list is asked for, made after the host has been answered once more.
    /// </summary>
    private static bool IsSurelyLater(HostSession session, HostReport report, VirtualMachine vm)
    {
        if (vm.SeenRunning == vm.RunGeneration || vm.State is not (VmState.Running or VmState.Paused))
            return true;
        lock (session)
        {
            if (session.Missing.TryGetValue((vm.Id, vm.RunGeneration), out var missedAt) && report.AnsweredHeartbeat > missedAt)
                return session.Missing.Remove((vm.Id, vm.RunGeneration));
            session.Missing.TryAdd((vm.Id, vm.RunGeneration), Math.Max(session.LastOrder, session.LastHeartbeat));
            session.LastComplete = null;
            return false;
        }
    }
}
