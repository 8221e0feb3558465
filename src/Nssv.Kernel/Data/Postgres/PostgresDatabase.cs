using System.Collections.Concurrent;
using System.Data.Common;
using System.Text.RegularExpressions;
using Npgsql;
using NpgsqlTypes;
using Nssv.Kernel.Model;
using Nssv.Kernel.Ownership;

namespace Nssv.Kernel.Data.Postgres;

/// <summary>PostgreSQL 13 or later: reads in groups, queries of people on connections of their own, prepared statements, one connection for the writer.</summary>
public sealed partial class PostgresDatabase : Database
{
    private const int MostTexts = 4096;

    /// <summary>Plans are kept with their statements. What is looked up by a key must not go on reading whole tables because they were small when it was first asked for.
    /// Where nothing but a whole table will do, its pretended cost is no reason to compile the statement.</summary>
    private const string KeyedReads = "-c random_page_cost=1.1 -c enable_seqscan=off -c jit=off";

    /// <summary>
    /// What people ask for may have to read a table as a whole, and is planned for the values that they gave. Compiling such a statement takes longer than running it; the list
    /// of a join that many rows meet should stay a hash in memory; and what a node asked for that is gone by now must end by itself.
    /// </summary>
    private const string Queries = "-c random_page_cost=1.1 -c plan_cache_mode=force_custom_plan -c jit=off -c work_mem=16MB -c statement_timeout=60000";

    /// <summary>Connections of their own, so that long queries take none from the platform's work.</summary>
    private const int MostQueries = 8;

    /// <summary>Of each kind at most, unless the connection's text says otherwise. Only the writer's and membership's may come near it; reads have fewer in any case.</summary>
    private const int MostConnections = 8;

    /// <summary>For a connection that may ask: as long as the driver waits for a free one.</summary>
    private static readonly TimeSpan LongestWait = TimeSpan.FromSeconds(15);

    /// <summary>A batch of usual size goes out in one piece: what does not fit is sent by turns with another thread of the driver, and the server waits for each.</summary>
    private const int BatchBytes = 512 << 10;

    private readonly ConcurrentDictionary<string, string> _texts = new(StringComparer.Ordinal);
    private readonly NpgsqlDataSource _source;
    private readonly ReadGroups _groups;
    private readonly NpgsqlDataSource _queries;
    private readonly NpgsqlDataSource _writing;

    private PostgresDatabase(ResourceModels models, NpgsqlConnectionStringBuilder settings) : base(models)
    {
        _source = NpgsqlDataSource.Create(WithOptions(settings, KeyedReads, ReadGroups.Lanes));
        _groups = new ReadGroups(_source, LongestWait);
        _queries = NpgsqlDataSource.Create(WithOptions(settings, Queries, MostQueries));
        var writing = WithOptions(settings, KeyedReads);
        writing.WriteBufferSize = BatchBytes;
        _writing = NpgsqlDataSource.Create(writing);
    }

    internal override Dialect Dialect => PostgresDialect.Instance;

    /// <param name="connection"><c>postgresql://user:password@host:port/database?sslmode=…</c>, or Npgsql's own <c>Host=…;…</c></param>
    /// <exception cref="FormatException">It is neither.</exception>
    public static PostgresDatabase Open(string connection, ResourceModels models) =>
        new(models, Settings(connection));

    internal static NpgsqlConnectionStringBuilder Settings(string connection)
    {
        var settings = PostgresUrl.Parse(connection);
        settings.ApplicationName ??= "nssv";
        // Several nodes share the server, which takes 100 connections unless told otherwise; who finds all in use waits for a moment.
        if (!settings.ShouldSerialize("Maximum Pool Size"))
            settings.MaxPoolSize = MostConnections;
        settings.MaxAutoPrepare = 256;
        settings.AutoPrepareMinUsages = 2;
        settings.NoResetOnClose = true;
        settings.Enlist = false;
        settings.IncludeErrorDetail = false;
        // A node that stops in the middle of a transaction (SIGSTOP, a cut cable) would hold its locks, and with them all others, for as long as it likes.
        settings.Options = $"{settings.Options} -c idle_in_transaction_session_timeout=2000".Trim();
        return settings;
    }

    private static NpgsqlConnectionStringBuilder WithOptions(NpgsqlConnectionStringBuilder settings, string options, int? most = null)
    {
        var own = new NpgsqlConnectionStringBuilder(settings.ConnectionString) { Options = $"{settings.Options} {options}" };
        if (most is { } size)
            (own.MinPoolSize, own.MaxPoolSize) = (Math.Min(own.MinPoolSize, size), Math.Min(own.MaxPoolSize, size));
        return own;
    }

    internal override async ValueTask<List<T>> Read<T>(string sql, object[] values, Func<DbDataReader, T> map, ReadLimit? limit = null)
    {
        if (limit is null)
            return await _groups.Read(Positional(sql), values, map);
        try
        {
            await using var command = _queries.CreateCommand(Positional(sql));
            // When it has passed, the driver asks the server to stop.
            command.CommandTimeout = Math.Max(1, (int)Math.Ceiling(limit.Longest.TotalSeconds));
            AddParameters(command.Parameters, values);
            await using var reader = await command.ExecuteReaderAsync(limit.Cancellation);
            List<T> rows = [];
            while (await reader.ReadAsync(limit.Cancellation))
                rows.Add(map(reader));
            return rows;
        }
        catch (NpgsqlException error) when (error.InnerException is TimeoutException || error is PostgresException { SqlState: PostgresErrorCodes.QueryCanceled })
        {
            throw new ReadTimeoutException(error);
        }
        catch (NpgsqlException error)
        {
            throw PostgresErrors.Map(error);
        }
    }

    internal override T Exclusive<T>(Func<DbConnection, T> work)
    {
        using var connection = Connect();
        using var transaction = connection.BeginTransaction();
        var result = work(connection);
        transaction.Commit();
        return result;
    }

    internal override Committer CreateCommitter(MemberFence fence) => new PostgresCommitter(this, fence);

    internal NpgsqlConnection Connect()
    {
        try
        {
            return _writing.OpenConnection();
        }
        catch (NpgsqlException error)
        {
            throw error is PostgresException ? PostgresErrors.Map(error) : PostgresErrors.Unavailable(error);
        }
    }

    /// <summary>@p0 becomes $1: positional parameters are not parsed anew each time.</summary>
    internal string Positional(string sql)
    {
        if (_texts.TryGetValue(sql, out var text))
            return text;
        if (_texts.Count >= MostTexts)
            _texts.Clear();
        return _texts[sql] = Parameter().Replace(sql, match => "$" + (int.Parse(match.Groups[1].ValueSpan, System.Globalization.CultureInfo.InvariantCulture) + 1));
    }

    internal static void AddParameters(NpgsqlParameterCollection parameters, object[] values)
    {
        foreach (var value in values)
        {
            parameters.Add(value switch
            {
                string text => new NpgsqlParameter<string> { TypedValue = text, NpgsqlDbType = NpgsqlDbType.Text },
                long number => new NpgsqlParameter<long> { TypedValue = number, NpgsqlDbType = NpgsqlDbType.Bigint },
                double number => new NpgsqlParameter<double> { TypedValue = number, NpgsqlDbType = NpgsqlDbType.Double },
                string[] texts => new NpgsqlParameter<string[]> { TypedValue = texts, NpgsqlDbType = NpgsqlDbType.Array | NpgsqlDbType.Text },
                long[] numbers => new NpgsqlParameter<long[]> { TypedValue = numbers, NpgsqlDbType = NpgsqlDbType.Array | NpgsqlDbType.Bigint },
                double[] numbers => new NpgsqlParameter<double[]> { TypedValue = numbers, NpgsqlDbType = NpgsqlDbType.Array | NpgsqlDbType.Double },
                SqlNull none => new NpgsqlParameter { Value = DBNull.Value, NpgsqlDbType = NullType(none) },
                _ => throw new ArgumentException($"{value.GetType().Name} is not encoded"),
            });
        }
    }

    private static NpgsqlDbType NullType(SqlNull none) =>
        none == SqlNull.Text ? NpgsqlDbType.Text : none == SqlNull.Whole ? NpgsqlDbType.Bigint : none == SqlNull.Real ? NpgsqlDbType.Double : NpgsqlDbType.Unknown;

    public override async ValueTask DisposeAsync()
    {
        await _groups.DisposeAsync();
        await _queries.DisposeAsync();
        await _writing.DisposeAsync();
        await _source.DisposeAsync();
    }

    [GeneratedRegex("@p([0-9]+)")]
    private static partial Regex Parameter();
}
