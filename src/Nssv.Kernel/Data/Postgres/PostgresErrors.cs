using Npgsql;

namespace Nssv.Kernel.Data.Postgres;

/// <summary>PostgreSQL's error codes (https://www.postgresql.org/docs/current/errcodes-appendix.html) in the words of the data layer.</summary>
internal static class PostgresErrors
{
    public static Exception Map(NpgsqlException error) => error is not PostgresException known ? Unavailable(error) : known.SqlState switch
    {
        PostgresErrorCodes.UniqueViolation => new UniqueException(known.TableName ?? "", known.MessageText, error),
        PostgresErrorCodes.ForeignKeyViolation or PostgresErrorCodes.RestrictViolation => new ReferenceException(known.MessageText, error),
        PostgresErrorCodes.DiskFull => new ProblemException(Problems.StorageFull(known.MessageText), error),
        PostgresErrorCodes.SerializationFailure or PostgresErrorCodes.DeadlockDetected => new ProblemException(Problems.Conflict(known.MessageText), error),
        _ => ConnectionIsGone(known) ? Unavailable(error) : error,
    };

    private const string IdleInTransaction = "25P03";

    /// <summary>The server ended the session, or will take none: classes 08 and 53, 57P01 to 57P05, and a transaction that was left alone for too long.</summary>
    public static bool ConnectionIsGone(NpgsqlException error) => error is not PostgresException known
        || known.SqlState.StartsWith("08", StringComparison.Ordinal)
        || known.SqlState.StartsWith("57P", StringComparison.Ordinal)
        || known.SqlState is PostgresErrorCodes.TooManyConnections or IdleInTransaction;

    public static ProblemException Unavailable(Exception error) => new(Problems.Unavailable($"The database cannot be reached: {error.Message}"), error);
}
