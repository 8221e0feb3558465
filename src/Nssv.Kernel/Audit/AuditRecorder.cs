using Nssv.Kernel.Composition;
using Nssv.Kernel.Data;
using Nssv.Kernel.Ownership;

namespace Nssv.Kernel.Audit;

/// <summary>
/// Makes the audit from the platform's events. One node does it, the one that holds the platform's own shard. How far it has come and what it made of it are one
/// unit of work, so that nothing is missed and nothing is there twice, whoever goes on.
/// </summary>
public sealed class AuditRecorder(IStore store, IWriter writer, NodeIdentity node, TimeProvider time, IIdSource ids)
{
    /// <summary>Events in one unit, which holds the database's writer up for as long; and events that may pass without an entry before the place is written.</summary>
    private const long EventsAtOnce = 1_000;

    private readonly AuditSource _source = new(store, time, ids, node.PlatformId);
    private long _looked;

    /// <summary>Reads the next events, if there are any.</summary>
    /// <param name="hold">On the platform's own shard.</param>
    /// <returns>Whether there may be more.</returns>
    /// <exception cref="NotOwnerException">The shard is another node's by now; nothing was written.</exception>
    /// <exception cref="ConcurrencyException">Another node was there first; nothing was written.</exception>
    public async Task<bool> Advance(ShardHold hold)
    {
        hold.Demand();
        var stored = await store.First<AuditHead>();
        var head = stored ?? AuditHead.Start(Clock.Now(time));
        // What has been looked at without finding anything need not be looked at again.
        var after = Math.Max(head.Position, _looked);
        var last = (await store.Select("SELECT seq FROM outbox_head WHERE id = 1", [], row => row.GetInt64(0)))[0];
        if (last <= after)
            return false;
        var first = await store.Select("SELECT sequence FROM events WHERE sequence > @p0 ORDER BY sequence LIMIT 1", [after], row => row.GetInt64(0));
        var through = Math.Min(last, (first is [var next] ? next - 1 : after) + EventsAtOnce);
        var found = await _source.Read(after, through);
        if (found.Count > 0 || through - head.Position >= EventsAtOnce)
            await Write(hold, stored, head with { Position = through, At = Clock.Now(time) }, found);
        _looked = through;
        return through < last;
    }

    private Task<long> Write(ShardHold hold, AuditHead? stored, AuditHead head, IReadOnlyList<AuditEntry> found)
    {
        var (entries, after) = AuditChain.Append(head, found);
        var unit = new UnitOfWork { Hold = hold };
        if (stored is null)
            unit.Insert(after);
        else
        {
            unit.Execute("audit_head", "UPDATE audit_head SET position = @p0, at = @p1, sequence = @p2, hash = @p3 WHERE id = 1 AND position = @p4 AND sequence = @p5", 1,
                after.Position, after.At, after.Sequence, after.Hash, stored.Position, stored.Sequence);
        }
        foreach (var entry in entries)
            unit.Insert(entry);
        return writer.Commit(unit);
    }
}
