using System.Text.Json.Nodes;

namespace Nssv.Plugins;

/// <summary>Says on which hosts a virtual machine must not run; asked whenever one is placed. While the plugin is not there machines are placed without it.</summary>
public abstract class PlacementRule : Extension
{
    /// <summary>Ends within 5 s.</summary>
    /// <param name="virtualMachine">As the API shows it.</param>
    /// <param name="hosts">All hosts of its cluster, as the API shows them.</param>
    public abstract Task<IReadOnlyList<HostRefusal>> Refusals(JsonObject virtualMachine, IReadOnlyList<JsonObject> hosts, CancellationToken cancelled);
}

/// <param name="Because">"it is not in the vault": stands behind the host's name.</param>
public sealed record HostRefusal(string HostId, string Because);
