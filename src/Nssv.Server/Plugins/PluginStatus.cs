namespace Nssv.Server.Plugins;

/// <summary>A plugin as the management node that answers sees it.</summary>
internal sealed record PluginStatus
{
    public required string Name { get; init; }

    /// <summary>The plugin's own; null when it could not say.</summary>
    public string? Version { get; init; }

    /// <summary>running, resting or refused.</summary>
    public required PluginState State { get; init; }

    /// <summary>Of the last failure; null while all is well.</summary>
    public string? Reason { get; init; }

    /// <summary>Since the management node started.</summary>
    public required long Failures { get; init; }

    /// <summary>How often its process was started since.</summary>
    public required long Starts { get; init; }

    public int? ProcessId { get; init; }

    public long? MemoryBytes { get; init; }

    public required IReadOnlyList<PluginExtension> Extensions { get; init; }
}

/// <param name="Type">observer, step, deletion-guard, placement-rule or tag.</param>
/// <param name="Sequence">Of an observer: the last event that it is done with; null while another management node lets it hear them.</param>
internal sealed record PluginExtension(string Type, string Name, long? Sequence = null);

internal sealed record PluginList(IReadOnlyList<PluginStatus> Items);
