using System.Collections.Concurrent;
using Microsoft.Extensions.Logging;
using Nssv.Kernel.Agents;
using Nssv.Kernel.Data;
using Nssv.Kernel.Flows;
using Nssv.Kernel.Mailboxes;
using Nssv.Kernel.Ownership;

namespace Nssv.Kernel.Operations;

/// <summary>
/// Takes accepted operations in, starts them when their claim is free, takes them up again after a crash. The rows are the truth; what is here is a cache of them.
/// </summary>
public sealed partial class OperationEngine : IShardListener
{
    private readonly ClaimTable _claims = new();
    private readonly ConcurrentDictionary<Id, OperationRun> _running = new();
    private readonly MailboxSet _mailboxes;
    private readonly IStore _store;
    private readonly IWriter _writer;
    private readonly FlowCatalog _flows;
    private readonly OperationRunner _runner;
    private readonly OperationEnds _ends;
    private readonly HostConnections _links;
    private readonly IOwnership _ownership;
    private readonly TimeProvider _time;
    private readonly ILogger<OperationEngine> _log;
    private long _lastSequence;
    private bool _stopping;

    internal OperationEngine(
        MailboxSet mailboxes, IStore store, IWriter writer, FlowCatalog flows, OperationRunner runner, OperationEnds ends, HostConnections links, IOwnership ownership,
        TimeProvider time, ILogger<OperationEngine> log)
    {
        (_mailboxes, _store, _writer, _flows, _runner, _ends, _links, _ownership, _time, _log) = (mailboxes, store, writer, flows, runner, ends, links, ownership, time, log);
    }

    /// <summary>Operations that have begun and not ended on this node.</summary>
    public int RunningCount => _running.Count;

    /// <summary>Takes up everything on these shards that had not ended when their last owner stopped.</summary>
    public async Task Gained(ShardSet shards)
    {
        var unfinished = (await _store.List<Operation>(Condition.In(nameof(Operation.State),
                new[] { OperationState.Queued, OperationState.Running, OperationState.Waiting, OperationState.Undoing })))
            .Where(o => shards.Has(o.TargetId)).OrderBy(o => o.AcceptedSequence).ToList();
        foreach (var operation in unfinished)
        {
            FollowSequence(operation.AcceptedSequence);
            _claims.Add(operation, _flows.Find(operation.Kind), running: operation.State != OperationState.Queued);
        }

        Log.Recovering(_log, unfinished.Count);
        foreach (var operation in unfinished.Where(o => o.State != OperationState.Queued || o.CancelRequested))
            _ = Begin(operation.Id);
        foreach (var target in unfinished.Select(o => o.TargetId).Distinct())
            _ = _mailboxes.Run(target, async () => { await StartNext(target); return true; });
        // Their hosts may be back already, and have been looked at by another node.
        foreach (var pending in await _store.List<Operation>(Condition.Equal(nameof(Operation.CleanupPending), true)))
        {
            if (shards.Has(pending.TargetId))
                _ = CleanUpWhenBack(pending);
        }
    }

    /// <summary>Lets go of everything on these shards: it is the journal's, and the next owner's.</summary>
    public void Lost(ShardSet shards)
    {
        _claims.Remove(shards);
        foreach (var (id, run) in _running.ToArray().OrderBy(running => running.Key))
        {
            if (shards.Has(run.Operation.TargetId) && _running.TryRemove(new KeyValuePair<Id, OperationRun>(id, run)))
                run.LetGo();
        }
    }

    /// <summary>Starts nothing more; what runs is left to the journal.</summary>
    public void Stop() => _stopping = true;
}
