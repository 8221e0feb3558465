using Nssv.Kernel;
using Nssv.Kernel.Data;
using Nssv.Kernel.Data.Sqlite;
using Nssv.Kernel.Model;
using Nssv.Kernel.Ownership;

namespace Nssv.Agent.Protocol;

/// <summary>The journal's own database: SQLite in the agent's folder, or in memory in a simulation. Opening it fences whatever an earlier start still writes.</summary>
public static class JournalDatabase
{
    /// <summary>The one member of a journal.</summary>
    private static readonly Id Agent = Id.Parse("00000000-0000-7000-8000-000000000001");

    private const UnixFileMode OwnerOnly = UnixFileMode.UserRead | UnixFileMode.UserWrite;

    public static ResourceModels Models { get; } = ResourceModels.FromTypes(CommandJournal.Rows);

    internal static MigrationSet Migrations { get; } = MigrationSet.Embedded("agent-journal", typeof(JournalDatabase).Assembly);

    /// <summary>Opens or creates the file and brings it to this version's tables.</summary>
    /// <exception cref="InstanceLockedException">Another agent has it open.</exception>
    /// <exception cref="SchemaVersionException">A newer agent has written it.</exception>
    public static SqliteDatabase Open(string path, TimeProvider time)
    {
        // Commands name addresses, which may carry a signature in their query, and everybody may pass through the agent's folder. SQLite gives its log files the same mode.
        Close(path);
        Close(path + ".lock");
        var database = SqliteDatabase.Open(path, Models);
        try
        {
            Migrator.Apply(database, time, Migrations);
            return database;
        }
        catch
        {
            database.DisposeAsync().AsTask().GetAwaiter().GetResult();
            throw;
        }
    }

    /// <summary>Makes the file if need be, for its owner alone.</summary>
    private static void Close(string path)
    {
        if (!File.Exists(path))
            new FileStream(path, new FileStreamOptions { Mode = FileMode.CreateNew, Access = FileAccess.Write, UnixCreateMode = OwnerOnly }).Dispose();
        File.SetUnixFileMode(path, OwnerOnly);
    }

    /// <summary>Takes the next incarnation and a writer for it.</summary>
    public static (CommandJournal Journal, Writer Writer) Attach(Database database, TimeProvider time, WriterOptions options)
    {
        var fence = MemberFence.Acquire(database, Agent, time);
        var writer = new Writer(database, fence, options);
        return (new CommandJournal(new Store(database), writer, fence.Generation), writer);
    }
}
