namespace Nssv.Server.Plugins;

/// <summary>What a plugin may take.</summary>
internal sealed record PluginLimits
{
    /// <summary>Of its process; beyond it the process is ended.</summary>
    public long MemoryBytes { get; init; } = 256L << 20;

    /// <summary>From the start of its process until it has said what it is.</summary>
    public TimeSpan Begin { get; init; } = TimeSpan.FromSeconds(15);

    /// <summary>Between being told that a call is cancelled and the end of its process.</summary>
    public TimeSpan Grace { get; init; } = TimeSpan.FromSeconds(1);

    /// <summary>How often its memory is looked at.</summary>
    public TimeSpan Look { get; init; } = TimeSpan.FromSeconds(2);

    /// <summary>Failures one after the other until it is left alone for a while.</summary>
    public int Failures { get; init; } = 3;

    /// <summary>For how long it is left alone; twice as long each time that the first call after it fails again.</summary>
    public TimeSpan FirstRest { get; init; } = TimeSpan.FromSeconds(15);

    public TimeSpan LongestRest { get; init; } = TimeSpan.FromMinutes(10);

    /// <summary>Calls at one time.</summary>
    public int Calls { get; init; } = 16;
}
