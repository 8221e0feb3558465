using Microsoft.Data.Sqlite;

namespace Nssv.Kernel.Data.Sqlite;

/// <summary>SQLite's result codes (https://www.sqlite.org/rescode.html) in the words of the data layer.</summary>
internal static class SqliteErrors
{
    private const int Busy = 5, Locked = 6, IoError = 10, Full = 13, CannotOpen = 14, Constraint = 19;
    private const int ConstraintPrimaryKey = 1555, ConstraintUnique = 2067, ConstraintForeignKey = 787, ConstraintTrigger = 1811;

    // An I/O error with one of these is what a full disk looks like when the log or its index grows.
    private const int IoErrorWrite = 778, IoErrorTruncate = 1546, IoErrorShmOpen = 4618, IoErrorShmSize = 4874;
    public const int IoErrorSync = 1034;

    public static Exception Map(SqliteException error, string table) => error.SqliteExtendedErrorCode switch
    {
        ConstraintUnique or ConstraintPrimaryKey => new UniqueException(table, error.Message, error),
        // RESTRICT is enforced by SQLite as if by a trigger.
        ConstraintForeignKey or ConstraintTrigger => new ReferenceException(error.Message, error),
        IoErrorWrite or IoErrorTruncate or IoErrorShmOpen or IoErrorShmSize => Full507(error),
        _ => error.SqliteErrorCode switch
        {
            Full => Full507(error),
            Busy or Locked or IoError or CannotOpen => new ProblemException(Problems.Unavailable($"The database cannot be used: {error.Message}"), error),
            _ => error,
        },
    };

    private static ProblemException Full507(SqliteException error) => new(Problems.StorageFull(error.Message), error);
}
