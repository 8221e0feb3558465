using Nssv.Plugins.Runner;

namespace Nssv.Server.Plugins;

/// <summary>The plugins of this manager: those that lay in their folder when it started.</summary>
internal sealed class PluginSet : IAsyncDisposable
{
    private readonly CancellationTokenSource _ends = new();
    private readonly TimeProvider _time;
    private readonly Task _watching;

    private PluginSet(IReadOnlyList<HostedPlugin> plugins, PluginLimits limits, TimeProvider time)
    {
        All = plugins;
        Limits = limits;
        _time = time;
        _watching = plugins.Count == 0 ? Task.CompletedTask : Watch();
    }

    public static PluginSet None { get; } = new([], new(), TimeProvider.System);

    public IReadOnlyList<HostedPlugin> All { get; }

    public PluginLimits Limits { get; }

    /// <summary>Starts each and lets it say what it is. One that cannot is kept with the reason; the manager starts without it.</summary>
    public static async Task<PluginSet> Open(string home, PluginLimits limits, TimeProvider time, ILogger log)
    {
        var plugins = PluginPlace.In(home).Select(place => new HostedPlugin(place, limits, time, log)).ToList();
        await Task.WhenAll(plugins.Select(plugin => plugin.Begin()));
        return new(plugins, limits, time);
    }

    /// <summary>All extensions of one type, with the plugin that has each.</summary>
    public IEnumerable<(HostedPlugin Plugin, Described Extension)> Extensions(string type) =>
        from plugin in All
        where plugin is { State: not PluginState.Refused, Description: not null }
        from extension in plugin.Description!.Extensions
        where extension.Type == type
        select (plugin, extension);

    public async ValueTask DisposeAsync()
    {
        await _ends.CancelAsync();
        await _watching;
        await Task.WhenAll(All.Select(plugin => plugin.DisposeAsync().AsTask()));
        _ends.Dispose();
    }

    private async Task Watch()
    {
        using var timer = new PeriodicTimer(Limits.Look, _time);
        try
        {
            while (await timer.WaitForNextTickAsync(_ends.Token))
            {
                foreach (var plugin in All)
                    plugin.Look();
            }
        }
        catch (OperationCanceledException)
        {
            // The manager ends.
        }
    }
}
