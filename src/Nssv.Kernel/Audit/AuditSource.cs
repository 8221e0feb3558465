using System.Text.Json;
using System.Text.Json.Nodes;
using Nssv.Kernel.Data;

namespace Nssv.Kernel.Audit;

/// <summary>Reads what the audit is made from: the events of a range, and the operations that they tell of.</summary>
internal sealed class AuditSource(IStore store, TimeProvider time, IIdSource ids, Id platformId)
{
    private const int IdsAtOnce = 512;
    private const int LargestChanges = 4_096;

    /// <summary>The ids alone choose the rows. Were the other columns named plainly, a planner without figures might read all that ever ended by their indexes.</summary>
    private const string OperationSql =
        "SELECT id, project_id, created_by, created_at, kind, state, target_type, target_id, target_name, error, ended_at, updated_at, caller_name, client_address "
        + "FROM operations WHERE coalesce(parent_id, '') = '' AND coalesce(state, '') IN ('succeeded', 'failed') AND id IN ";

    private sealed record Ended(string Id, AuditEntry Entry, bool AtOnce);

    /// <summary>
    /// Entries, not yet chained, for the events after <paramref name="after"/> up to <paramref name="through"/>, in their order. An operation has its entry when it
    /// has ended; one that has an entry already gets none.
    /// </summary>
    public async Task<IReadOnlyList<AuditEntry>> Read(long after, long through)
    {
        List<(long Sequence, AuditEntry Entry)> found = [];
        Dictionary<string, long> operations = new(StringComparer.Ordinal);
        var now = Clock.Now(time);
        var rows = await store.Select(
            "SELECT sequence, resource_type, resource_id, project_id, CASE WHEN resource_type = 'audit-entry' THEN data ELSE '' END FROM events "
            + "WHERE sequence > @p0 AND sequence <= @p1 AND resource_type IN ('operation', 'audit-entry') ORDER BY sequence",
            [after, through], row => (Sequence: row.GetInt64(0), Type: row.GetString(1), Id: row.GetString(2), Project: row.GetString(3), Data: row.GetString(4)));
        foreach (var row in rows)
        {
            if (row.Type == "operation")
                operations[row.Id] = row.Sequence;
            else if (JsonSerializer.Deserialize<AuditNote>(row.Data, KernelJson.Options) is { } note)
                found.Add((row.Sequence, Of(note, Id.Parse(row.Id), Id.Parse(row.Project), now)));
        }

        await DropKnown(found);
        List<Ended> ended = [];
        foreach (var part in operations.Keys.Chunk(IdsAtOnce))
            ended.AddRange(await WithoutEntry(part, now));
        var changes = ended.Exists(operation => operation.AtOnce) ? await Changes(after, through) : [];
        foreach (var (id, entry, _) in ended)
            found.Add((operations[id], changes.TryGetValue((id, entry.TargetId.ToString()!), out var change) ? entry with { Details = With(entry.Details, change) } : entry));
        return [.. found.OrderBy(pair => pair.Sequence).Select(pair => pair.Entry)];
    }

    /// <summary>What a node sent twice to another, because it did not hear whether it had been done, may be noted twice.</summary>
    private async Task DropKnown(List<(long Sequence, AuditEntry Entry)> notes)
    {
        HashSet<string> seen = new(StringComparer.Ordinal);
        foreach (var part in notes.Select(note => note.Entry.Id.ToString()).Distinct().Chunk(IdsAtOnce))
        {
            var (list, values) = Parameters(part);
            seen.UnionWith(await store.Select($"SELECT id FROM audit_entries WHERE id IN {list}", values, row => row.GetString(0)));
        }
        notes.RemoveAll(note => !seen.Add(note.Entry.Id.ToString()));
    }

    private async Task<IEnumerable<Ended>> WithoutEntry(string[] operations, DateTimeOffset now)
    {
        var (list, values) = Parameters(operations);
        var ended = await store.Select(OperationSql + list, values, row =>
        {
            var begun = Sql.Time(row.GetInt64(3));
            var over = Sql.Time(row.IsDBNull(10) ? row.GetInt64(11) : row.GetInt64(10));
            var creator = Id.Parse(row.GetString(2));
            var problem = row.IsDBNull(9) ? null : JsonSerializer.Deserialize<Problem>(row.GetString(9), KernelJson.Options);
            var entry = new AuditEntry
            {
                Id = ids.Next(),
                ProjectId = Id.Parse(row.GetString(1)),
                CreatedBy = creator.IsNone ? platformId : creator,
                CreatedAt = now,
                UpdatedAt = now,
                Version = 1,
                Sequence = 0,
                Action = row.GetString(4),
                AccountId = creator.IsNone ? null : creator,
                AccountName = row.IsDBNull(12) ? null : row.GetString(12),
                ClientAddress = row.IsDBNull(13) ? null : row.GetString(13),
                TargetType = row.GetString(6),
                TargetId = Id.Parse(row.GetString(7)),
                TargetName = row.IsDBNull(8) ? null : row.GetString(8),
                BegunAt = begun,
                EndedAt = over,
                Result = row.GetString(5) == "succeeded" ? AuditResult.Succeeded : AuditResult.Failed,
                ErrorCode = problem?.Code,
                OperationId = Id.Parse(row.GetString(0)),
                Details = problem is null ? [] : AuditNote.Error(problem),
                PreviousHash = "",
                Hash = "",
            };
            return new Ended(row.GetString(0), entry, begun == over);
        });
        var known = (await store.Select($"SELECT operation_id FROM audit_entries WHERE operation_id IN {list}", values, row => row.GetString(0))).ToHashSet(StringComparer.Ordinal);
        return ended.Where(operation => !known.Contains(operation.Id));
    }

    /// <summary>What operations that ended when they were accepted changed, by operation and resource: the public fields, as their events tell.</summary>
    private async Task<Dictionary<(string Operation, string Resource), string>> Changes(long after, long through)
    {
        var rows = await store.Select(
            "SELECT operation_id, resource_id, data FROM events WHERE sequence > @p0 AND sequence <= @p1 AND operation_id IS NOT NULL AND resource_type <> 'operation' AND type LIKE '%.updated'",
            [after, through], row => (Operation: row.GetString(0), Resource: row.GetString(1), Data: row.GetString(2)));
        return rows.GroupBy(row => (row.Operation, row.Resource)).ToDictionary(group => group.Key, group => group.Last().Data);
    }

    private static JsonObject With(JsonObject details, string change)
    {
        if (change.Length > LargestChanges)
            return details;
        var changes = JsonNode.Parse(change)!.AsObject();
        changes.Remove("version");
        changes.Remove("updatedAt");
        return new(details.Select(pair => KeyValuePair.Create(pair.Key, pair.Value?.DeepClone())).Append(new("changes", changes)));
    }

    private AuditEntry Of(AuditNote note, Id id, Id projectId, DateTimeOffset now) => new()
    {
        Id = id,
        ProjectId = projectId,
        CreatedBy = note.AccountId ?? platformId,
        CreatedAt = now,
        UpdatedAt = now,
        Version = 1,
        Sequence = 0,
        Action = note.Action,
        AccountId = note.AccountId,
        AccountName = note.AccountName,
        ClientAddress = note.ClientAddress,
        TargetType = note.TargetType,
        TargetId = note.TargetId,
        TargetName = note.TargetName,
        BegunAt = note.BegunAt,
        EndedAt = note.EndedAt,
        Result = note.Result,
        ErrorCode = note.ErrorCode,
        Details = note.Details,
        PreviousHash = "",
        Hash = "",
    };

    /// <summary>Filled up to a power of two with the last one, so that there are few shapes of statements to prepare.</summary>
    private static (string List, object?[] Values) Parameters(string[] ids)
    {
        var count = (int)System.Numerics.BitOperations.RoundUpToPowerOf2((uint)ids.Length);
        return ($"({string.Join(", ", Enumerable.Range(0, count).Select(i => $"@p{i}"))})", [.. ids, .. Enumerable.Repeat(ids[^1], count - ids.Length)]);
    }
}
