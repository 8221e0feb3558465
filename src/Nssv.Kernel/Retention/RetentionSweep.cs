using Nssv.Kernel.Audit;
using Nssv.Kernel.Data;
using Nssv.Kernel.Operations;

namespace Nssv.Kernel.Retention;

/// <summary>
/// Removes operations and events that have been kept long enough. Each unit is small and is followed by a pause, so that the database's writer is never held up;
/// whatever is interrupted is taken up by the next sweep.
/// </summary>
public sealed class RetentionSweep(IStore store, IWriter writer, TimeProvider time, RetentionPolicy policy)
{
    /// <summary>Operations in one unit; each has about ten steps.</summary>
    private const int OperationsAtOnce = 100;
    private const int EventsAtOnce = 1_000;
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(20);

    /// <summary>One operation of a family: a root with all that its steps started.</summary>
    private sealed record Member(string Id, string Root, bool Removable);

    /// <summary>Removes whole families, oldest first: when the root and all its children have ended and nothing of them waits for a host or a person.</summary>
    /// <returns>Operations removed.</returns>
    public async Task<int> Operations(CancellationToken cancel)
    {
        var (accepted, ended) = await OperationsBefore();
        var removed = 0;
        for (var place = long.MinValue; ;)
        {
            // The order of acceptance has an index, and what was ended by then was accepted by then.
            var roots = await store.Select(
                "SELECT id, accepted_sequence FROM operations WHERE accepted_sequence > @p0 AND accepted_sequence < @p1 AND id = root_id ORDER BY accepted_sequence LIMIT 100",
                [place, accepted], row => (Id: row.GetString(0), Sequence: row.GetInt64(1)));
            if (roots.Count == 0)
                return removed;
            place = roots[^1].Sequence;
            foreach (var family in await Removable([.. roots.Select(root => root.Id)], ended))
            {
                foreach (var part in family.Chunk(OperationsAtOnce))
                {
                    await Remove(part);
                    removed += part.Length;
                    await Task.Delay(Pause, time, cancel);
                }
            }
        }
    }

    /// <summary>Removes the oldest events. What stays is dense from its first to its last.</summary>
    /// <returns>Events removed.</returns>
    public async Task<long> Events(CancellationToken cancel)
    {
        var (first, last) = (await store.Select("SELECT coalesce(min(sequence), 0), coalesce(max(sequence), -1) FROM events", [], row => (row.GetInt64(0), row.GetInt64(1))))[0];
        if (last < first)
            return 0;
        var keepFrom = policy.Events switch
        {
            { Rows: { } rows } => last - rows + 1,
            { Age: { } age } => await FirstSince(time.GetUtcNow() - age, first, last),
            _ => first,
        };
        // What the audit has not read yet stays.
        if (await store.First<AuditHead>() is { } head)
            keepFrom = Math.Min(keepFrom, head.Position + 1);
        for (var place = first; place < keepFrom;)
        {
            var next = Math.Min(place + EventsAtOnce, keepFrom);
            await writer.Commit(new UnitOfWork().Execute("events", "DELETE FROM events WHERE sequence >= @p0 AND sequence < @p1", null, place, next));
            place = next;
            await Task.Delay(Pause, time, cancel);
        }
        return Math.Max(keepFrom - first, 0);
    }

    /// <summary>The first event that is not older, found by halving: numbers are dense and follow the commits.</summary>
    private async Task<long> FirstSince(DateTimeOffset since, long first, long last)
    {
        var (low, high) = (first, last + 1);
        while (low < high)
        {
            var middle = low + (high - low) / 2;
            var at = await store.Select("SELECT at FROM events WHERE sequence = @p0", [middle], row => row.GetInt64(0));
            if (at is [var micros] && micros < Sql.Micros(since))
                low = middle + 1;
            else
                high = middle;
        }
        return low;
    }

    /// <summary>Families of these roots that may go, children before their root.</summary>
    private async Task<IEnumerable<Member[]>> Removable(IReadOnlyList<object?> roots, DateTimeOffset ended)
    {
        var members = await store.Select(
            $"SELECT id, root_id, state, cleanup_pending, ended_at FROM operations WHERE root_id IN ({Parameters(roots.Count)})", roots,
            row => new Member(row.GetString(0), row.GetString(1),
                row.GetString(2) is "succeeded" or "failed" && row.GetInt64(3) == 0 && !row.IsDBNull(4) && row.GetInt64(4) < Sql.Micros(ended)));
        return members.GroupBy(member => member.Root).Where(family => family.All(member => member.Removable))
            .Select(family => family.OrderBy(member => member.Id == member.Root).ToArray());
    }

    private Task<long> Remove(Member[] members)
    {
        object?[] ids = [.. members.Select(member => member.Id)];
        var list = Parameters(ids.Length);
        // Keys of callers have expired by now (see LeastAge) and are removed by themselves.
        return writer.Commit(new UnitOfWork()
            .Execute("operation_steps", $"DELETE FROM operation_steps WHERE operation_id IN ({list})", null, ids)
            .Execute("call_results", $"DELETE FROM call_results WHERE operation_id IN ({list})", null, ids)
            .Execute("operations", $"DELETE FROM operations WHERE id IN ({list})", null, ids));
    }

    /// <summary>What was accepted before the one place in the order of acceptance, and ended before the other time, may go.</summary>
    private async Task<(long Accepted, DateTimeOffset Ended)> OperationsBefore()
    {
        var now = time.GetUtcNow();
        var latest = now - RetentionPolicy.LeastAge;
        if (policy.Operations.Age is { } age)
            latest = now - age < latest ? now - age : latest;
        // Up to there the audit has read; what ended later may still be missing in it.
        if (await store.First<AuditHead>() is { } head && head.At < latest)
            latest = head.At;
        var order = latest.UtcTicks / TimeSpan.TicksPerMicrosecond; // as OperationEngine counts
        if (policy.Operations.Rows is not { } rows)
            return (order, latest);
        var newest = await store.Select("SELECT accepted_sequence FROM operations ORDER BY accepted_sequence DESC LIMIT 1 OFFSET @p0", [rows - 1], row => row.GetInt64(0));
        return (newest is [var oldestKept] ? Math.Min(oldestKept, order) : long.MinValue, latest);
    }

    private static string Parameters(int count) => string.Join(", ", Enumerable.Range(0, count).Select(i => $"@p{i}"));
}
