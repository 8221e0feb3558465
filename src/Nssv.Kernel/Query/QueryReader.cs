using System.Data.Common;
using Nssv.Kernel.Data;

namespace Nssv.Kernel.Query;

/// <summary>Runs the statements of one query within its limits, which hold for all of them together.</summary>
internal sealed class QueryReader(Database database, ReadLimit limit)
{
    private readonly long _began = limit.Time.GetTimestamp();

    public Dialect Dialect => database.Dialect;

    /// <exception cref="ProblemException">400 query-too-slow.</exception>
    public async ValueTask<List<T>> Read<T>(SqlBuilder sql, Func<DbDataReader, T> map)
    {
        try
        {
            var left = limit.Longest - limit.Time.GetElapsedTime(_began);
            return left > TimeSpan.Zero ? await database.Read(sql.ToString(), sql.Arguments, map, limit with { Longest = left }) : throw new ReadTimeoutException();
        }
        catch (ReadTimeoutException error)
        {
            throw new ProblemException(new Problem(400, "query-too-slow", "The query takes too long.", $"The database was stopped after {limit.Longest.TotalSeconds:0.###} s.",
                "Narrow the filter by an indexed field (id, name, a reference), leave out count and sort, or ask for fewer joins and leading asterisks.", "filter"), error);
        }
    }
}
