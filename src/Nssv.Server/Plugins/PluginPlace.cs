namespace Nssv.Server.Plugins;

/// <summary>Where a plugin lies: NSSV_HOME/plugins/NAME/NAME.dll. Its own data: NSSV_HOME/plugin-data/NAME.</summary>
internal sealed record PluginPlace(string Name, string Assembly, string DataFolder)
{
    private const int LongestName = 64;

    /// <summary>All in the folder, by name. What is no plugin's folder is left alone.</summary>
    public static IReadOnlyList<PluginPlace> In(string home)
    {
        var folder = Path.Combine(home, "plugins");
        return !Directory.Exists(folder) ? [] :
        [
            .. Directory.EnumerateDirectories(folder).Select(path => Path.GetFileName(path)).Where(IsName).Order(StringComparer.Ordinal)
                .Select(name => new PluginPlace(name, Path.Combine(folder, name, name + ".dll"), Path.Combine(home, "plugin-data", name))),
        ];
    }

    public static bool IsName(string name) =>
        name.Length is > 0 and <= LongestName && char.IsAsciiLetterLower(name[0]) && name.All(c => char.IsAsciiLetterLower(c) || char.IsAsciiDigit(c) || c == '-');
}
