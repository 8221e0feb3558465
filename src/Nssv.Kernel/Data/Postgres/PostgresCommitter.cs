using Npgsql;
using NpgsqlTypes;
using Nssv.Kernel.Events;
using Nssv.Kernel.Ownership;

namespace Nssv.Kernel.Data.Postgres;

/// <summary>
/// Two round trips a batch. The first begins, locks this member's row and runs all statements; what they met is checked here. The second numbers the events,
/// stores them and commits, so the one row that holds the number is locked only while committing. A connection lost in the first trip has changed nothing;
/// one lost in the second may still be committing, and holds the member's row until that is decided: writing that row waits for it.
/// </summary>
internal sealed class PostgresCommitter(PostgresDatabase database, MemberFence fence) : Committer
{
    private readonly string _fenceSql = database.Positional(MemberFence.CheckSql + " FOR SHARE");

    private const string InsertEvents =
        "INSERT INTO events (sequence, type, resource_type, resource_id, project_id, operation_id, at, data) " +
        "SELECT head.seq - cardinality($1) + item.place, item.type, item.resource_type, item.resource_id, item.project_id, item.operation_id, item.at, item.data " +
        "FROM outbox_head AS head, unnest($1, $2, $3, $4, $5, $6, $7) WITH ORDINALITY AS item (type, resource_type, resource_id, project_id, operation_id, at, data, place) WHERE head.id = 1";

    private const string LockHead = "SELECT seq FROM outbox_head WHERE id = 1 FOR UPDATE";

    private readonly string _settleSql = database.Positional("UPDATE members SET generation = generation WHERE id = @p0");

    private readonly Dictionary<string, string> _checks = new(StringComparer.Ordinal);
    private readonly RowInserts _inserts = new();
    private readonly RowChanges _changes = new(database);
    private NpgsqlConnection? _connection;
    private bool _inDoubt;

    public override void Commit(IReadOnlyList<CompiledUnit> units)
    {
        _connection ??= database.Connect();
        try
        {
            Settle(_connection);
            RunStatements(_connection, units);
        }
        catch (NpgsqlException error)
        {
            Rollback();
            throw PostgresErrors.Map(error);
        }
        catch
        {
            Rollback();
            throw;
        }
        try
        {
            NumberAndCommit(_connection, units);
        }
        catch (NpgsqlException error)
        {
            // An error that the server itself reports has ended the transaction; a connection that breaks has told nothing.
            if (!PostgresErrors.ConnectionIsGone(error))
            {
                Rollback();
                throw PostgresErrors.Map(error);
            }
            _inDoubt = true;
            TrySettle();
            throw new OutcomeUnknownException("The connection to the database was lost while committing", error);
        }
    }

    /// <summary>Waits until a commit in doubt has either happened or can no longer happen.</summary>
    private void Settle(NpgsqlConnection connection)
    {
        if (!_inDoubt)
            return;
        using var command = new NpgsqlCommand(_settleSql, connection);
        PostgresDatabase.AddParameters(command.Parameters, [fence.Member.ToString()]);
        command.ExecuteNonQuery();
        _inDoubt = false;
    }

    /// <summary>Now if the server can be reached, so that those who are told of the doubt find the answer; else before the next batch.</summary>
    private void TrySettle()
    {
        Reset();
        try
        {
            Settle(_connection = database.Connect());
        }
        catch (Exception error) when (error is NpgsqlException or ProblemException)
        {
            Reset();
        }
    }

    private void RunStatements(NpgsqlConnection connection, IReadOnlyList<CompiledUnit> units)
    {
        foreach (var unit in units)
            unit.Reset();
        var groups = StatementGroups.Of(units);
        using var batch = new NpgsqlBatch(connection);
        Add(batch, "BEGIN", []);
        Add(batch, _fenceSql, [fence.Member.ToString()]);
        // Nodes commit one after another anyway, for the sake of the numbers; in the same order from the beginning they cannot lock each other's rows crosswise.
        Add(batch, LockHead, []);
        foreach (var group in groups)
        {
            if (group.First is { Reach: Reach.Insert, Model: { } table } && group.Members.Count > 1)
                _inserts.Add(batch, table, group);
            else if (group is { First.Reach: Reach.Row, Members.Count: > 1 })
                _changes.Add(batch, group);
            else
                Add(batch, TextOf(group.First), group.First.Values);
        }
        using (var reader = batch.ExecuteReader())
        {
            if (!reader.Read() || reader.GetInt64(0) != fence.Generation)
                throw fence.Lost();
            reader.NextResult(); // the head
            foreach (var group in groups)
            {
                if (group.First.Reach != Reach.Check && !RowChanges.Tells(group))
                    continue;
                reader.NextResult();
                if (RowChanges.Tells(group))
                    DropUnmet(group, reader);
            }
            while (reader.NextResult())
            {
            }
        }
        for (var i = 0; i < groups.Count; i++)
        {
            var (group, sent) = (groups[i], batch.BatchCommands[i + 3]);
            if (group.First is { Reach: Reach.Insert or Reach.Row, Expected: > 0 })
                Check(group.First with { Expected = group.Members.Count }, sent.RecordsAffected);
            else
                Check(group.First, group.First.Reach == Reach.Check ? (int)sent.Rows : sent.RecordsAffected);
            if (group is { First.Reach: Reach.Table or Reach.Row, Members: [var alone] } && sent.RecordsAffected == 0)
                alone.Unit.Dropped(alone.Statement);
        }
    }

    /// <summary>The events of changes that met no row are not published.</summary>
    private static void DropUnmet(StatementGroup group, NpgsqlDataReader reader)
    {
        var met = new HashSet<long>();
        while (reader.Read())
            met.Add(reader.GetInt64(0));
        for (var i = 0; i < group.Members.Count; i++)
        {
            if (!met.Contains(i + 1))
                group.Members[i].Unit.Dropped(group.Members[i].Statement);
        }
    }

    /// <summary>What is required stays so until the commit: the row is locked against writing.</summary>
    private string TextOf(in Statement statement)
    {
        if (statement.Reach != Reach.Check)
            return database.Positional(statement.Sql);
        if (!_checks.TryGetValue(statement.Sql, out var text))
            _checks.Add(statement.Sql, text = database.Positional(statement.Sql) + " FOR SHARE");
        return text;
    }

    private static void NumberAndCommit(NpgsqlConnection connection, IReadOnlyList<CompiledUnit> units)
    {
        var events = units.SelectMany(unit => unit.Published).ToList();
        using var batch = new NpgsqlBatch(connection);
        if (events.Count > 0)
        {
            Add(batch, OutboxHead.Advance.Replace("@p0", "$1", StringComparison.Ordinal), [(long)events.Count]);
            var insert = Add(batch, InsertEvents, []);
            Texts(insert, events, item => item.Type);
            Texts(insert, events, item => item.ResourceType);
            Texts(insert, events, item => item.ResourceId.ToString());
            Texts(insert, events, item => item.ProjectId.ToString());
            Texts(insert, events, item => item.OperationId?.ToString());
            insert.Parameters.Add(new NpgsqlParameter<long[]> { TypedValue = [.. events.Select(item => Sql.Micros(item.At))], NpgsqlDbType = NpgsqlDbType.Array | NpgsqlDbType.Bigint });
            Texts(insert, events, item => item.Data);
        }
        Add(batch, "COMMIT", []);
        long last = 0;
        using (var reader = batch.ExecuteReader())
        {
            if (events.Count > 0 && reader.Read())
                last = reader.GetInt64(0);
            while (reader.NextResult())
            {
            }
        }
        var next = last - events.Count + 1;
        foreach (var unit in units)
            next = unit.Number(next);
    }

    private static void Texts(NpgsqlBatchCommand command, List<PendingEvent> events, Func<PendingEvent, string?> get) =>
        command.Parameters.Add(new NpgsqlParameter<string?[]> { TypedValue = [.. events.Select(get)], NpgsqlDbType = NpgsqlDbType.Array | NpgsqlDbType.Text });

    private static NpgsqlBatchCommand Add(NpgsqlBatch batch, string sql, object[] values)
    {
        var command = new NpgsqlBatchCommand(sql);
        PostgresDatabase.AddParameters(command.Parameters, values);
        batch.BatchCommands.Add(command);
        return command;
    }

    private void Rollback()
    {
        try
        {
            using var command = new NpgsqlCommand("ROLLBACK", _connection);
            command.ExecuteNonQuery();
        }
        catch (Exception error) when (error is NpgsqlException or InvalidOperationException)
        {
            // The connection is gone, and with it the transaction; the next batch opens another.
            Reset();
        }
    }

    public override void Reset()
    {
        _connection?.Dispose();
        _connection = null;
    }

    public override void Dispose() => Reset();
}
