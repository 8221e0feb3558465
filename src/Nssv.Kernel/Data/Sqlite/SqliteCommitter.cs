using Microsoft.Data.Sqlite;
using Nssv.Kernel.Events;
using Nssv.Kernel.Model;
using Nssv.Kernel.Ownership;

namespace Nssv.Kernel.Data.Sqlite;

/// <summary>One transaction a batch: generation, statements, numbers, events, COMMIT with fsync.</summary>
internal sealed class SqliteCommitter(SqliteSession session, bool ownsSession, ResourceModels models, MemberFence fence) : Committer
{
    private readonly string _insertEvent = $"INSERT INTO events ({models.Table<Event>().SelectList()}) VALUES ({string.Join(", ", models.Table<Event>().Columns.Select(column => $"@p{column.Ordinal}"))})";

    public override void Commit(IReadOnlyList<CompiledUnit> units)
    {
        var table = "";
        try
        {
            session.Run("BEGIN IMMEDIATE");
            if (session.Scalar(MemberFence.CheckSql, fence.Member.ToString()) != fence.Generation)
                throw fence.Lost();
            foreach (var unit in units)
            {
                unit.Reset();
                for (var i = 0; i < unit.Statements.Count; i++)
                {
                    var statement = unit.Statements[i];
                    table = statement.Table;
                    var rows = statement.Reach == Reach.Check ? session.Read(statement.Sql, statement.Values, _ => 1).Count : session.Run(statement.Sql, statement.Values);
                    Check(statement, rows);
                    if (rows == 0)
                        unit.Dropped(i);
                }
            }
            table = "events";
            WriteEvents(units);
        }
        catch (Exception error)
        {
            Rollback();
            if (error is SqliteException sqlite)
                throw SqliteErrors.Map(sqlite, table);
            throw;
        }
        try
        {
            session.Run("COMMIT");
        }
        catch (SqliteException error)
        {
            Rollback();
            // The commit record may have reached the disk although the sync failed; only a crash would show.
            if (error.SqliteExtendedErrorCode == SqliteErrors.IoErrorSync)
                throw new OutcomeUnknownException("The disk failed while the database was committing", error);
            throw SqliteErrors.Map(error, "");
        }
    }

    private void WriteEvents(IReadOnlyList<CompiledUnit> units)
    {
        long count = units.Sum(unit => unit.Published.Count);
        if (count == 0)
            return;
        var next = session.Scalar(OutboxHead.Advance, count)!.Value - count + 1;
        foreach (var unit in units)
        {
            var sequence = next;
            foreach (var item in unit.Published)
            {
                session.Run(_insertEvent, sequence++, item.Type, item.ResourceType, item.ResourceId.ToString(), item.ProjectId.ToString(),
                    item.OperationId is { } operation ? operation.ToString() : SqlNull.Text, Sql.Micros(item.At), item.Data);
            }
            next = unit.Number(next);
        }
    }

    private void Rollback()
    {
        try
        {
            if (!session.AutoCommit)
                session.Run("ROLLBACK");
        }
        catch (SqliteException)
        {
            // SQLite has rolled back by itself, as it does after some errors.
        }
    }

    public override void Dispose()
    {
        if (ownsSession)
            session.Dispose();
    }
}
