using Nssv.Kernel;
using Nssv.Kernel.Data;
using Nssv.Kernel.Model;
using Nssv.Kernel.Ownership;

namespace Nssv.Agent.Protocol;

/// <summary>The journal's own database: SQLite in the agent's folder, or in memory in a simulation. Opening it fences whatever an earlier start still writes.</summary>
public static class JournalDatabase
{
    /// <summary>The one member of a journal.</summary>
    private static readonly Id Agent = Id.Parse("00000000-0000-7000-8000-000000000001");

    public static ResourceModels Models { get; } = ResourceModels.FromTypes(CommandJournal.Rows);

    /// <summary>Takes the next incarnation and a writer for it.</summary>
    public static (CommandJournal Journal, Writer Writer) Attach(Database database, TimeProvider time, WriterOptions options)
    {
        var fence = MemberFence.Acquire(database, Agent, time);
        var writer = new Writer(database, fence, options);
        return (new CommandJournal(new Store(database), writer, fence.Generation), writer);
    }
}
