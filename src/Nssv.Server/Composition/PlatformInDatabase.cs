using System.Data.Common;
using Nssv.Contracts.Identity;
using Nssv.Kernel.Data;
using Nssv.Server.Certificates;

namespace Nssv.Server.Composition;

/// <summary>Whose data a database holds: its first account belongs to the platform.</summary>
internal static class PlatformInDatabase
{
    private const string UndefinedTable = "42P01";

    /// <returns>Null when it holds none.</returns>
    public static async Task<Id?> Find(Database database)
    {
        try
        {
            return (await new Store(database).List<Account>()).MinBy(account => account.Id)?.ProjectId;
        }
        catch (DbException e) when (e.SqlState == UndefinedTable)
        {
            return null;
        }
    }

    public static ConfigurationException IsAnother(Id other, ServerSettings settings) => new(
        $"The database holds the platform {other}; the home {settings.Home} is of the platform {settings.PlatformId}.",
        "Name the database of this platform; or, for a further manager of the other one, use a home of its own and './nssv up --join'.");
}
