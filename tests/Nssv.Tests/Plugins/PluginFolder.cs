using Microsoft.Extensions.Logging;
using Nssv.Server.Plugins;

namespace Nssv.Tests.Plugins;

/// <summary>Puts the plugins that were built beside the tests into a home, as an administrator does.</summary>
internal static class PluginFolder
{
    public const string Unruly = "unruly";
    public const string LegalHold = "legal-hold";

    /// <summary>Failures come fast, and rests are short.</summary>
    public static PluginLimits Limits { get; } = new() { Grace = TimeSpan.FromSeconds(5), Look = TimeSpan.FromMilliseconds(100), FirstRest = TimeSpan.FromSeconds(1) };

    public static void Install(string home, params IEnumerable<string> plugins)
    {
        foreach (var plugin in plugins)
        {
            var folder = Directory.CreateDirectory(Path.Combine(home, "plugins", plugin)).FullName;
            foreach (var file in Directory.EnumerateFiles(Built(plugin)))
                File.Copy(file, Path.Combine(folder, Path.GetFileName(file)), overwrite: true);
        }
    }

    /// <summary>What it does from now on.</summary>
    public static void Behaves(string home, string mode) => File.WriteAllText(Path.Combine(Directory.CreateDirectory(Data(home)).FullName, "mode"), mode);

    public static IReadOnlyList<string> Lines(string home, string file) =>
        File.Exists(Path.Combine(Data(home), file)) ? File.ReadAllLines(Path.Combine(Data(home), file)) : [];

    public static Task<PluginSet> Open(string home, ILogger log) => PluginSet.Open(home, Limits, TimeProvider.System, log);

    private static string Data(string home) => Path.Combine(home, "plugin-data", Unruly);

    /// <summary>The build puts every project's output beside the others'.</summary>
    private static string Built(string plugin)
    {
        var own = new DirectoryInfo(AppContext.BaseDirectory.TrimEnd('/'));
        return Path.Combine(own.Parent!.Parent!.FullName, plugin, own.Name);
    }
}
