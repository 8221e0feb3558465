using System.Text.Json.Nodes;
using Nssv.Contracts.Platform;
using Nssv.Kernel;
using Nssv.Kernel.Calls;
using Nssv.Kernel.Data;
using Nssv.Kernel.Settings;

namespace Nssv.Services.Platform.Settings;

/// <summary>What setting and resetting have in common. Pure.</summary>
internal static class SettingChange
{
    /// <exception cref="ProblemException">409: the row was made by another build.</exception>
    public static SettingDeclaration Known(SettingCatalog catalog, Setting setting) => catalog.Find(setting.Id)
        ?? throw new Problem(409, "setting-unknown", "This manager does not know the setting.", $"{setting.Name} belongs to another version of the software.",
            "Change it when all managers have the same version.").AsException();

    /// <summary>Nothing is written when nothing changes.</summary>
    public static Decision Changed(Setting setting, string value, bool overridden, AcceptContext turn)
    {
        var result = new JsonObject { ["name"] = setting.Name, ["value"] = value };
        return setting.Value == value && setting.Overridden == overridden
            ? Decision.Done(result: result)
            : Decision.Done(new UnitOfWork().Update(setting, setting with { Value = value, Overridden = overridden, UpdatedAt = turn.Now }), result);
    }
}
