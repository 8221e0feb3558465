using System.Data.Common;
using Nssv.Kernel.Data;

namespace Nssv.Kernel.Ownership;

/// <summary>
/// This node's right to write: its member row with the generation that it has taken. Every batch checks the row first (on PostgreSQL it locks it <c>FOR SHARE</c>,
/// so a take-over waits for commits in flight, and later ones fail).
/// </summary>
public sealed class MemberFence
{
    internal const string CheckSql = "SELECT generation FROM members WHERE id = @p0";

    private MemberFence(Id member, long generation)
    {
        Member = member;
        Generation = generation;
    }

    public Id Member { get; }

    /// <summary>Higher than that of every earlier start of every member.</summary>
    public long Generation { get; }

    /// <summary>Takes a new generation for this member; what an earlier start of it has not committed by now will fail.</summary>
    /// <param name="alone">The only member: all others are fenced too.</param>
    public static MemberFence Acquire(Database database, Id member, TimeProvider time, bool alone = true, string? url = null) => database.Exclusive(connection =>
    {
        // Rows of members come before the head, as in every batch: a batch in flight of who is fenced here may still want the head.
        var started = Sql.Micros(time.GetUtcNow());
        if (Run("UPDATE members SET started_at = @p0, lease_until = NULL, url = @p1 WHERE id = @p2", started, url, member.ToString()) == 0)
            Run("INSERT INTO members (id, generation, started_at, lease_until, url) VALUES (@p0, 0, @p1, NULL, @p2)", member.ToString(), started, url);
        if (alone)
            Run("UPDATE members SET generation = -generation WHERE id <> @p0 AND generation > 0", member.ToString());
        // The head's row serialises take-overs on every database; they are rare. A fenced member's generation is negative, and still used up.
        Run("UPDATE outbox_head SET seq = seq WHERE id = 1");
        var generation = Convert.ToInt64(Command("SELECT coalesce(max(abs(generation)), 0) + 1 FROM members").ExecuteScalar(), System.Globalization.CultureInfo.InvariantCulture);
        Run("UPDATE members SET generation = @p0 WHERE id = @p1", generation, member.ToString());
        return new MemberFence(member, generation);

        int Run(string sql, params object?[] values) => Command(sql, values).ExecuteNonQuery();

        DbCommand Command(string sql, params object?[] values)
        {
            var command = connection.CreateCommand();
            command.CommandText = sql;
            for (var i = 0; i < values.Length; i++)
            {
                var parameter = command.CreateParameter();
                parameter.ParameterName = $"p{i}";
                parameter.Value = values[i] ?? DBNull.Value;
                if (values[i] is null)
                    parameter.DbType = System.Data.DbType.String;
                command.Parameters.Add(parameter);
            }
            return command;
        }
    });

    /// <summary>For a simulation whose node believes in the wrong generation.</summary>
    internal static MemberFence As(Id member, long generation) => new(member, generation);

    internal FencedException Lost() => new($"Generation {Generation} of member {Member} has been replaced: a newer start of the manager owns the database");
}
