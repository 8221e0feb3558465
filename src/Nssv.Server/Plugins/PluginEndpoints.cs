using Nssv.Plugins.Runner;
using Nssv.Server.Http;
using Nssv.Server.OpenApi;

namespace Nssv.Server.Plugins;

/// <summary>GET /api/v1/plugins. They come and go with their folders, so there is nothing to change here.</summary>
internal sealed class PluginEndpoints(PluginSet plugins, PluginObservers observers)
{
    private const string Permission = "plugin.read";

    public void Map(IEndpointRouteBuilder endpoints) =>
        endpoints.MapGet($"{ApiPaths.Root}/plugins", List).Allow(Access.Permitted(Permission))
            .WithMetadata(new Answers("List the plugins of the management node that answers, and how they do", ("200", typeof(PluginList))));

    private async Task List(HttpContext http)
    {
        QueryParameters.Check(http.Request.Query);
        await ApiJson.Write(http.Response, StatusCodes.Status200OK, new PluginList([.. plugins.All.Select(Of)]));
    }

    private PluginStatus Of(HostedPlugin plugin) => new()
    {
        Name = plugin.Name,
        Version = plugin.Description?.Version,
        State = plugin.State,
        Reason = plugin.IsWell ? null : plugin.Reason,
        Failures = plugin.Failures,
        Starts = plugin.Starts,
        ProcessId = plugin.ProcessId,
        MemoryBytes = plugin.Memory,
        Extensions = [.. (plugin.Description?.Extensions ?? []).Select(extension => new PluginExtension(extension.Type, extension.Name, Sequence(plugin, extension)))],
    };

    private long? Sequence(HostedPlugin plugin, Described extension) =>
        extension.Type == Described.Observer ? observers.All.FirstOrDefault(known => known.Plugin == plugin && known.Name == extension.Name)?.Sequence : null;
}
