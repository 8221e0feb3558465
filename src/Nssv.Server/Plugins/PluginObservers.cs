using Nssv.Kernel.Composition;
using Nssv.Kernel.Data;
using Nssv.Kernel.Events;
using Nssv.Kernel.Ownership;
using Nssv.Plugins.Runner;

namespace Nssv.Server.Plugins;

/// <summary>The observers of all plugins, each at its own pace.</summary>
internal sealed class PluginObservers(PluginSet plugins, IStore store, IWriter writer, IOwnership ownership, NodeIdentity node, TimeProvider time, ILogger<PluginObservers> log)
    : BackgroundService, IEventObserver
{
    public IReadOnlyList<PluginObserver> All { get; } =
        [.. plugins.Extensions(Described.Observer).Select(each => new PluginObserver(each.Plugin, each.Extension, store, writer, ownership, node, plugins.Limits, time, log))];

    public void Committed(IReadOnlyList<Event> events)
    {
        foreach (var observer in All)
            observer.Wake();
    }

    protected override Task ExecuteAsync(CancellationToken stoppingToken) => Task.WhenAll(All.Select(observer => observer.Run(stoppingToken)));
}
