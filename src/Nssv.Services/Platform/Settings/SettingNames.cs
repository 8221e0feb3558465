using Nssv.Kernel;
using Nssv.Kernel.Calls;
using Nssv.Kernel.Settings;

namespace Nssv.Services.Platform.Settings;

/// <summary>Settings are called by their names.</summary>
internal sealed class SettingNames(SettingCatalog catalog) : INamedIds
{
    private const int LongestShown = 80;

    public string Collection => "settings";

    public Id IdOf(string name) => catalog.Find(name)?.Id
        ?? throw (Problems.NotFound("setting", name.Length <= LongestShown ? name : name[..LongestShown] + "…") with
        {
            Advice = catalog.Meant(name) + "Settings: " + string.Join(", ", catalog.All.Select(known => known.Name)) + ".",
        }).AsException();
}
