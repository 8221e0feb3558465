using System.Reflection;

namespace Nssv.Plugins;

/// <summary>
/// Extends the platform. An assembly has exactly one public class that derives from this, with a constructor without parameters. It runs in a process of its own:
/// whatever it does there, the platform goes on without it.
/// </summary>
public abstract class Plugin
{
    /// <summary>Lower-case letters, digits and hyphens; the same as its folder. For ever: operations and positions are kept under it.</summary>
    public abstract string Name { get; }

    /// <summary>For people.</summary>
    public virtual string Version => GetType().Assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>()?.InformationalVersion ?? "0";

    /// <summary>Called once, when the process has started. What it throws is shown as the reason why the plugin is not there.</summary>
    public abstract IEnumerable<Extension> Begin(PluginEnvironment environment);
}

/// <summary>What the platform gives a plugin.</summary>
/// <param name="DataFolder">Its own folder on this management node: kept when it or the node starts again, not shared with other nodes.</param>
public sealed record PluginEnvironment(string DataFolder);

/// <summary>One thing that a plugin adds: an <see cref="EventObserver"/>, <see cref="InsertedStep"/>, <see cref="DeletionGuard"/>, <see cref="PlacementRule"/> or <see cref="SystemTag"/>.</summary>
public abstract class Extension
{
    /// <summary>Unique in the plugin: lower-case letters, digits and hyphens. For ever.</summary>
    public abstract string Name { get; }
}
