using System.Data.Common;
using System.Globalization;
using Nssv.Kernel.Data;

namespace Nssv.Kernel.Ownership;

/// <summary>Members and shards in the database. Each method is one transaction of its own, apart from the writer's batches.</summary>
internal sealed class MembershipTable(Database database, MemberFence fence)
{
    /// <summary>Enters this start as a live member; shards that an earlier start of it held stay its own, to be claimed anew.</summary>
    public void Join(MemberLease lease) => database.Exclusive(connection =>
    {
        // Two that join at once both find no shards; the head's row lets one of them go first.
        Run(connection, "UPDATE outbox_head SET seq = seq WHERE id = 1");
        if (Number(connection, "SELECT count(*) FROM shards") == 0)
        {
            Run(connection, string.Create(CultureInfo.InvariantCulture,
                $"INSERT INTO shards (number, member_id, epoch) WITH RECURSIVE numbers (n) AS (SELECT 0 UNION ALL SELECT n + 1 FROM numbers WHERE n < {Shards.Count - 1}) SELECT n, NULL, 0 FROM numbers"));
            Run(connection, "INSERT INTO shards (number, member_id, epoch) VALUES (@p0, NULL, 1)", Shard.Changes);
        }

        Run(connection, "DELETE FROM member_leases WHERE member_id = @p0", lease.MemberId);
        Run(connection,
            "INSERT INTO member_leases (member_id, generation, renewals, name, product_version, level, peer_url, agent_url, api_url, joined_at, silent_peers) VALUES (@p0, @p1, @p2, @p3, @p4, @p5, @p6, @p7, @p8, @p9, '')",
            lease.MemberId, lease.Generation, lease.Renewals, lease.Name, lease.ProductVersion, lease.Level, lease.PeerUrl, lease.AgentUrl, lease.ApiUrl, lease.JoinedAt);
        return true;
    });

    /// <summary>Renews this node's lease, and looks.</summary>
    /// <param name="last">What was seen the last time: shards that have not changed are not read again.</param>
    /// <param name="silent">Members that do not answer this one.</param>
    /// <returns>Null when the lease is gone: another node has taken over.</returns>
    public MembershipView? Renew(MembershipView? last, IReadOnlyList<Id> silent) => database.Exclusive(connection =>
    {
        if (Run(connection, "UPDATE member_leases SET renewals = renewals + 1, silent_peers = @p2 WHERE member_id = @p0 AND generation = @p1", fence.Member, fence.Generation, string.Join(' ', silent)) == 0)
            return null;
        var members = Rows<MemberLease>(connection);
        var changes = Number(connection, "SELECT epoch FROM shards WHERE number = @p0", Shard.Changes);
        var shards = last is not null && last.Changes == changes ? last.Shards : Rows<Shard>(connection).FindAll(shard => shard.Number != Shard.Changes);
        return new MembershipView(members, shards, changes, Number(connection, "SELECT seq FROM outbox_head WHERE id = 1"));
    });

    /// <summary>
    /// Removes a member that has not renewed since it was seen, and frees its shards. Changing its row in members waits for its batch in flight, which holds that row;
    /// every later one of it finds the row changed and fails.
    /// </summary>
    /// <returns>False when it has renewed after all.</returns>
    public bool TakeOver(MemberLease dead) => database.Exclusive(connection =>
    {
        if (Run(connection, "DELETE FROM member_leases WHERE member_id = @p0 AND generation = @p1 AND renewals = @p2", dead.MemberId, dead.Generation, dead.Renewals) == 0)
            return false;
        Run(connection, "UPDATE members SET generation = -generation WHERE id = @p0 AND generation = @p1", dead.MemberId, dead.Generation);
        Run(connection, "UPDATE shards SET member_id = NULL WHERE member_id = @p0", dead.MemberId);
        Run(connection, CountChange, Shard.Changes);
        return true;
    });

    /// <summary>Claims those that are free, or this node's already.</summary>
    /// <returns>The epochs of those that it has now.</returns>
    public IReadOnlyDictionary<int, long> Claim(IReadOnlyList<int> shards) => database.Exclusive(connection =>
    {
        var numbers = string.Join(", ", shards.Select(number => number.ToString(CultureInfo.InvariantCulture)));
        // This start must still be live: a node that was taken over claims nothing.
        if (Run(connection, "UPDATE member_leases SET renewals = renewals + 1 WHERE member_id = @p0 AND generation = @p1", fence.Member, fence.Generation) == 0)
            return [];
        Run(connection,
            $"UPDATE shards SET member_id = @p0, epoch = CASE WHEN epoch < @p1 THEN @p1 ELSE epoch + 1 END WHERE number IN ({numbers}) AND (member_id IS NULL OR member_id = @p0)",
            fence.Member, fence.Generation);
        Run(connection, CountChange, Shard.Changes);
        using var reader = Command(connection, $"SELECT number, epoch FROM shards WHERE number IN ({numbers}) AND member_id = @p0", fence.Member).ExecuteReader();
        var claimed = new SortedDictionary<int, long>();
        while (reader.Read())
            claimed[(int)reader.GetInt64(0)] = reader.GetInt64(1);
        return claimed;
    });

    /// <summary>Gives shards away; through the writer, so that it comes after everything decided under their holds.</summary>
    public UnitOfWork Release(IReadOnlyList<int> shards) => new UnitOfWork().Execute("shards",
        $"UPDATE shards SET member_id = NULL WHERE member_id = @p0 AND number IN ({string.Join(", ", shards.Select(number => number.ToString(CultureInfo.InvariantCulture)))})", null, fence.Member)
        .Execute("shards", CountChange, null, Shard.Changes);

    /// <summary>Leaves in order: its shards are free at once.</summary>
    public void Leave() => database.Exclusive(connection =>
    {
        Run(connection, "UPDATE shards SET member_id = NULL WHERE member_id = @p0 AND EXISTS (SELECT 1 FROM member_leases WHERE member_id = @p0 AND generation = @p1)", fence.Member, fence.Generation);
        Run(connection, CountChange, Shard.Changes);
        Run(connection, "DELETE FROM member_leases WHERE member_id = @p0 AND generation = @p1", fence.Member, fence.Generation);
        Run(connection, "UPDATE members SET generation = -generation WHERE id = @p0 AND generation = @p1", fence.Member, fence.Generation);
        return true;
    });

    private const string CountChange = "UPDATE shards SET epoch = epoch + 1 WHERE number = @p0";

    private List<T> Rows<T>(DbConnection connection) where T : class
    {
        var table = database.Models.Table<T>();
        using var reader = Command(connection, $"SELECT {table.SelectList()} FROM {Sql.Quote(table.Name)} ORDER BY {Sql.Quote(table.Key[0].Name)}").ExecuteReader();
        List<T> rows = [];
        while (reader.Read())
            rows.Add(table.CodecOf<T>().Read(reader));
        return rows;
    }

    private static long Number(DbConnection connection, string sql, params object?[] values) => Convert.ToInt64(Command(connection, sql, values).ExecuteScalar(), CultureInfo.InvariantCulture);

    private static int Run(DbConnection connection, string sql, params object?[] values) => Command(connection, sql, values).ExecuteNonQuery();

    private static DbCommand Command(DbConnection connection, string sql, params object?[] values)
    {
        var command = connection.CreateCommand();
        command.CommandText = sql;
        for (var i = 0; i < values.Length; i++)
        {
            var parameter = command.CreateParameter();
            parameter.ParameterName = $"p{i}";
            parameter.Value = Sql.Encode(values[i]);
            command.Parameters.Add(parameter);
        }

        return command;
    }
}
