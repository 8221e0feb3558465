using System.Data.Common;
using Nssv.Kernel;
using Nssv.Kernel.Data;
using Nssv.Kernel.Data.Sqlite;
using Nssv.Kernel.Ownership;

namespace Nssv.Simulation.Tests.World;

/// <summary>The platform's one database as one node reaches it: the way there may be cut. Two mutations live here as well, since they are about commits.</summary>
/// <param name="dies">Whether the node dies where it does this.</param>
internal sealed class NodeDatabase(SqliteDatabase database, Func<bool> isCut, Func<string, bool> dies, Mutation mutation) : Database(database.Models)
{
    internal override Dialect Dialect => database.Dialect;

    internal override ValueTask<List<T>> Read<T>(string sql, object[] values, Func<DbDataReader, T> map, ReadLimit? limit = null)
    {
        Reach();
        return database.Read(sql, values, map, limit);
    }

    internal override T Exclusive<T>(Func<DbConnection, T> work)
    {
        Reach();
        return database.Exclusive(work);
    }

    internal override Committer CreateCommitter(MemberFence fence) => new NodeCommitter(this, fence);

    private void Reach()
    {
        if (isCut())
            throw Problems.Unavailable("The simulated database cannot be reached.").AsException();
    }

    public override ValueTask DisposeAsync() => ValueTask.CompletedTask;

    private sealed class NodeCommitter(NodeDatabase far, MemberFence fence) : Committer
    {
        private Committer? _own;

        public override void Commit(IReadOnlyList<CompiledUnit> units)
        {
            far.Reach();
            if (far.Mutated(Mutation.NoMemberLock))
            {
                // As if nobody looked at the member's row: whatever generation is there is taken for this node's.
                far.Inner.CreateCommitter(MemberFence.As(fence.Member, far.GenerationOf(fence.Member))).Commit(units);
                return;
            }

            if (far.Mutated(Mutation.EventsNumberedAtInsert))
            {
                // As from a sequence: numbers that were drawn are used up, though their transaction is never committed.
                var drawn = units.Sum(unit => unit.Events.Count);
                far.Draw(drawn);
                if (far.Dies("has drawn numbers"))
                    throw new OutcomeUnknownException("The node is dead");
                far.Draw(-drawn);
            }

            (_own ??= far.Inner.CreateCommitter(fence)).Commit(units);
        }

        public override void Dispose() => _own?.Dispose();
    }

    private SqliteDatabase Inner => database;

    private bool Dies(string where) => dies(where);

    private void Draw(int numbers) => database.Exclusive(connection => Schema.Execute(connection, $"UPDATE outbox_head SET seq = seq + {numbers} WHERE id = 1"));

    private bool Mutated(Mutation which) => mutation == which;

    private long GenerationOf(Id member) => database.Exclusive(connection =>
    {
        using var command = connection.CreateCommand();
        command.CommandText = MemberFence.CheckSql.Replace("@p0", $"'{member}'", StringComparison.Ordinal);
        return (long)command.ExecuteScalar()!;
    });
}
