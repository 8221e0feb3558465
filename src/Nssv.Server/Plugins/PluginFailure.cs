namespace Nssv.Server.Plugins;

/// <summary>A plugin did not do what it was asked for, through a fault of its own.</summary>
/// <param name="toAnyone">What anyone may know.</param>
/// <param name="inCall">It began, and failed at what it was asked for.</param>
internal sealed class PluginFailure(string plugin, string toAnyone, string detail, bool inCall = false) : Exception(detail)
{
    public bool InCall { get; } = inCall;

    public string Public { get; } = toAnyone;

    public Problem Problem { get; } = new(
        503, "plugin-failed", "A plugin does not do its part.", $"Plugin {plugin}: {detail}",
        $"Look at 'nssv plugin list' and at the manager's log; mend plugin '{plugin}', or take it out of the folder of plugins and start the manager again.");
}
