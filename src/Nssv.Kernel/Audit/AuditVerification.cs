using System.Text.Json.Serialization;
using Nssv.Kernel.Data;

namespace Nssv.Kernel.Audit;

/// <summary>What is wrong with an entry of the chain.</summary>
public enum AuditFault
{
    /// <summary>Its content is not what was hashed.</summary>
    Changed,
    /// <summary>It is not there.</summary>
    Removed,
    /// <summary>It does not belong to the chain.</summary>
    Inserted,
    /// <summary>It does not follow on the one before it.</summary>
    Moved,
}

/// <summary>The first entry that is not as it was written.</summary>
/// <param name="Sequence">Its place.</param>
/// <param name="Id">Null when it is not there.</param>
public sealed record AuditFinding(long Sequence, [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] Id? Id, AuditFault Fault, string Detail);

/// <summary>The outcome of a verification.</summary>
/// <param name="Entries">That were looked at.</param>
/// <param name="FirstSequence">Of the first entry that is kept.</param>
/// <param name="LastSequence">Of the last one.</param>
/// <param name="LastHash">Note it elsewhere: as long as a later export has it at this place, nothing before it has been changed.</param>
/// <param name="FirstBad">Null when all is well.</param>
public sealed record AuditReport(
    bool Valid, long Entries, long FirstSequence, long LastSequence, string LastHash, [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] AuditFinding? FirstBad);

/// <summary>Reads the whole chain and finds the first entry that was changed, removed, inserted or moved. Entries that are written meanwhile do not disturb it.</summary>
public sealed class AuditVerification(IStore store)
{
    private const long EntriesAtOnce = 1_000;

    public async Task<AuditReport> Run(CancellationToken cancel)
    {
        while (true)
        {
            var head = await store.First<AuditHead>();
            if (head is null)
            {
                return await store.First<AuditEntry>() is { } stray
                    ? new AuditReport(false, 0, 1, 0, AuditHead.Nothing, new(stray.Sequence, stray.Id, AuditFault.Inserted, "There is an entry, but the chain has not begun."))
                    : new AuditReport(true, 0, 1, 0, AuditHead.Nothing, null);
            }
            var (entries, finding) = await Walk(head, cancel);
            // What retention has removed meanwhile is no fault: it has moved the beginning.
            if (finding is not null && (await store.First<AuditHead>())?.FirstSequence != head.FirstSequence)
                continue;
            return new AuditReport(finding is null, entries, head.FirstSequence, head.Sequence, head.Hash, finding);
        }
    }

    private async Task<(long Entries, AuditFinding? Finding)> Walk(AuditHead head, CancellationToken cancel)
    {
        if (await Vouched(head) is { } unvouched)
            return (0, unvouched);
        if (await store.First<AuditEntry>(Condition.Less(nameof(AuditEntry.Sequence), head.FirstSequence)) is { } before)
            return (0, new(before.Sequence, before.Id, AuditFault.Inserted, $"The chain begins with {head.FirstSequence}."));
        var line = new AuditLine();
        var (next, hash, looked) = (head.FirstSequence, head.AnchorHash, 0L);
        while (next <= head.Sequence)
        {
            cancel.ThrowIfCancellationRequested();
            var through = Math.Min(head.Sequence, next + EntriesAtOnce - 1);
            var entries = (await store.List<AuditEntry>(new Condition(nameof(AuditEntry.Sequence), Comparison.GreaterOrEqual, next), new Condition(nameof(AuditEntry.Sequence), Comparison.LessOrEqual, through)))
                .OrderBy(entry => entry.Sequence);
            foreach (var entry in entries)
            {
                if (entry.Sequence != next)
                    return (looked, Missing(next));
                if (line.HashOf(entry) != entry.Hash)
                    return (looked, new(next, entry.Id, AuditFault.Changed, "Its content does not have its hash."));
                if (entry.PreviousHash != hash)
                    return (looked, new(next, entry.Id, AuditFault.Moved, "It does not follow on the entry before it."));
                (next, hash, looked) = (next + 1, entry.Hash, looked + 1);
            }
            if (next <= through)
                return (looked, Missing(next));
        }
        if (hash != head.Hash)
            return (looked, new(head.Sequence, null, AuditFault.Changed, "The last entry is not the one that was written."));
        return (looked, await Beyond());
    }

    /// <summary>Entries after the end: the end is looked at last, for it only moves on.</summary>
    private async Task<AuditFinding?> Beyond()
    {
        var last = await store.Select("SELECT sequence, id FROM audit_entries ORDER BY sequence DESC LIMIT 1", [], row => (Sequence: row.GetInt64(0), Id: Id.Parse(row.GetString(1))));
        var end = (await store.First<AuditHead>())!.Sequence;
        return last is [var (sequence, id)] && sequence > end ? new(sequence, id, AuditFault.Inserted, $"The chain ends with {end}.") : null;
    }

    /// <summary>A chain whose beginning is gone must say so itself: what retention removes, it announces in the chain first.</summary>
    private async Task<AuditFinding?> Vouched(AuditHead head)
    {
        if (head.FirstSequence == 1)
            return head.AnchorHash == AuditHead.Nothing ? null : new(1, null, AuditFault.Removed, "The chain's beginning has been replaced.");
        return await AuditSweep.Announced(store) is { } said && (said.FirstSequence > head.FirstSequence || said == (head.FirstSequence, head.AnchorHash))
            ? null
            : new(head.FirstSequence - 1, null, AuditFault.Removed, "What came before was not removed by retention.");
    }

    private static AuditFinding Missing(long sequence) => new(sequence, null, AuditFault.Removed, "It is not there.");
}
