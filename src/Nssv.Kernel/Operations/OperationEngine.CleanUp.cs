using Nssv.Kernel.Agents;
using Nssv.Kernel.Data;

namespace Nssv.Kernel.Operations;

/// <summary>What operations that have ended left on hosts that did not answer.</summary>
public sealed partial class OperationEngine
{
    /// <summary>Runs what operations of this node left on a host that was unreachable when they failed. <see cref="HostCleanUp"/> asks all nodes.</summary>
    /// <returns>True when nothing of this node's is left.</returns>
    internal async Task<bool> CleanUp(Id hostId)
    {
        foreach (var operation in (await PendingOn(hostId)).OrderBy(o => o.AcceptedSequence))
        {
            if (_ownership.Hold(operation.TargetId) is not { IsDropped: false } hold)
                continue;
            var run = new OperationRun(operation, hold);
            if (!_running.TryAdd(operation.Id, run))
                continue;
            // Since the list was read, another call may have cleaned it up.
            if (await Fresh(run) is not { CleanupPending: true } pending)
                _running.TryRemove(new KeyValuePair<Id, OperationRun>(operation.Id, run));
            else if (await Execute(run, pending, recovered: true) is { CleanupPending: true } again)
                _ = CleanUpWhenBack(again);
        }

        return !(await PendingOn(hostId)).Any(operation => _ownership.Hold(operation.TargetId) is not null);
    }

    private ValueTask<IReadOnlyList<Operation>> PendingOn(Id hostId) =>
        _store.List<Operation>(Condition.Equal(nameof(Operation.CleanupHostId), hostId), Condition.Equal(nameof(Operation.CleanupPending), true));

    /// <summary>
    /// The host may have come back, and its clean-up been looked for, while the operation was just giving it up; so this node looks itself as well.
    /// </summary>
    private async Task CleanUpWhenBack(Operation ended)
    {
        var host = ended.CleanupHostId!.Value;
        try
        {
            await _links.WaitFor(host, HostLink.Connected, CancellationToken.None);
            if (!_stopping)
                await CleanUp(host);
        }
        catch (HostUnreachableException)
        {
            // The host was removed, and with it what was left there.
        }
    }
}
