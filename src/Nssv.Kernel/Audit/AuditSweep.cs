using System.Text.Json.Nodes;
using Nssv.Kernel.Composition;
using Nssv.Kernel.Data;
using Nssv.Kernel.Retention;

namespace Nssv.Kernel.Audit;

/// <summary>
/// Removes entries that have been kept long enough, from the beginning of the chain. What will be removed is announced first, in the chain itself, with the hash of
/// the last entry that goes: the rest hangs on that, and a beginning that somebody else has removed is not announced.
/// </summary>
public sealed class AuditSweep(IStore store, IWriter writer, NodeIdentity node, TimeProvider time, IIdSource ids)
{
    public const string Action = "audit-entry.remove";

    private const long EntriesAtOnce = 1_000;
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(20);

    /// <summary>Announces what is old enough, or removes what has been announced and chained by now.</summary>
    /// <returns>Entries removed.</returns>
    public async Task<long> Run(KeepFor keep, CancellationToken cancel)
    {
        if (await store.First<AuditHead>() is not { } head || head.Sequence == 0)
            return 0;
        if (await Announced(store) is { } said && said.FirstSequence > head.FirstSequence)
            return await Remove(head.FirstSequence, said.FirstSequence, cancel);
        // The last entry always stays: something must hang on what went.
        var from = Math.Min(head.Sequence, keep.Rows is { } rows ? head.Sequence - rows + 1 : await FirstSince(time.GetUtcNow() - keep.Age!.Value, head));
        if (from <= head.FirstSequence)
            return 0;
        var now = Clock.Now(time);
        await writer.Commit(new UnitOfWork().Publish(new AuditNote
        {
            Action = Action,
            AccountName = "system",
            TargetType = AuditNote.ResourceType,
            BegunAt = now,
            EndedAt = now,
            Result = AuditResult.Succeeded,
            Details = new JsonObject { ["firstSequence"] = from, ["anchorHash"] = await HashOf(from - 1) },
        }.Draft(ids.Next(), node.PlatformId)));
        return 0;
    }

    /// <summary>What the last announcement says: the first entry that stays, and the hash before it.</summary>
    internal static async Task<(long FirstSequence, string AnchorHash)?> Announced(IStore store) =>
        await store.Select("SELECT details FROM audit_entries WHERE action = @p0 ORDER BY sequence DESC LIMIT 1", [Action], row => row.GetString(0)) is [var details]
            && JsonNode.Parse(details) is JsonObject said && (long?)said["firstSequence"] is { } first && (string?)said["anchorHash"] is { } hash ? (first, hash) : null;

    private async Task<long> Remove(long first, long keepFrom, CancellationToken cancel)
    {
        var removed = 0L;
        for (var place = first; place < keepFrom;)
        {
            var next = Math.Min(place + EntriesAtOnce, keepFrom);
            await writer.Commit(new UnitOfWork()
                .Execute("audit_head", "UPDATE audit_head SET first_sequence = @p0, anchor_hash = @p1 WHERE id = 1 AND first_sequence = @p2", 1, next, await HashOf(next - 1), place)
                .Execute("audit_entries", "DELETE FROM audit_entries WHERE sequence < @p0", null, next));
            removed += next - place;
            place = next;
            await Task.Delay(Pause, time, cancel);
        }
        return removed;
    }

    private async Task<string> HashOf(long sequence) =>
        (await store.Select("SELECT hash FROM audit_entries WHERE sequence = @p0", [sequence], row => row.GetString(0))) is [var hash]
            ? hash
            : throw new InvalidOperationException($"entry {sequence} of the audit is not there: nothing is removed from a chain that is broken");

    /// <summary>The first entry that is not older, found by halving.</summary>
    private async Task<long> FirstSince(DateTimeOffset since, AuditHead head)
    {
        var (low, high) = (head.FirstSequence, head.Sequence + 1);
        while (low < high)
        {
            var middle = low + (high - low) / 2;
            var at = await store.Select("SELECT created_at FROM audit_entries WHERE sequence = @p0", [middle], row => row.GetInt64(0));
            if (at is [var micros] && micros < Sql.Micros(since))
                low = middle + 1;
            else
                high = middle;
        }
        return low;
    }
}
