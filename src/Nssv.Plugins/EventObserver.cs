using System.Text.Json.Nodes;

namespace Nssv.Plugins;

/// <summary>
/// Hears of the platform's events: each at least once, in order, on one management node at a time. How far it has come is kept by the platform, so it hears later what
/// happened while it was not there. An event at which it fails three times is passed over.
/// </summary>
public abstract class EventObserver : Extension
{
    /// <summary>Singular kebab-case kinds of resource whose events it wants; empty: all.</summary>
    public virtual IReadOnlyList<string> Kinds => [];

    /// <summary>Ends within 10 s, or the plugin is taken to hang.</summary>
    public abstract Task Heard(PlatformEvent happened, CancellationToken cancelled);
}

/// <param name="Sequence">Grows with each event of the platform; the same event has the same one when it is heard again.</param>
/// <param name="Type">"virtual-machine.created", "virtual-machine.updated", "virtual-machine.deleted" …</param>
/// <param name="Kind">Singular kebab-case kind of the resource.</param>
/// <param name="Data">The fields that changed, as the API shows them.</param>
public sealed record PlatformEvent(long Sequence, string Type, string Kind, string ResourceId, string ProjectId, string? OperationId, DateTimeOffset At, JsonObject Data);
