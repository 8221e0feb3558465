using System.Text.Json;
using Nssv.Contracts.Compute;
using Nssv.Plugins;
using Nssv.Plugins.Runner;
using Nssv.Services.Compute.Placement;
using Host = Nssv.Contracts.Inventory.Host;

namespace Nssv.Server.Plugins;

/// <summary>A plugin's rule of placement. While the plugin is not well nothing is refused.</summary>
internal sealed class PluginRule(HostedPlugin plugin, Described rule, ResourceDocuments documents) : IPlacementRule
{
    private const int LongestReason = 200;
    private static readonly TimeSpan Deadline = TimeSpan.FromSeconds(5);

    public async ValueTask<IReadOnlyList<RefusedHost>> Refusals(VirtualMachine vm, IReadOnlyList<Host> hosts, CancellationToken cancelled)
    {
        var body = new PlacementCall(documents.Of(vm), [.. hosts.Select(documents.Of)]);
        try
        {
            var answer = await plugin.Call(Calls.Refusals, rule.Name, JsonSerializer.SerializeToNode(body, Messages.Json), Deadline, cancelled);
            var refused = answer.Deserialize<IReadOnlyList<HostRefusal>>(Messages.Json) ?? [];
            return [.. from refusal in refused join host in hosts on refusal.HostId equals host.Id.ToString() select new RefusedHost(host.Id, Short(refusal.Because))];
        }
        catch (Exception e) when (e is PluginFailure or ProblemException or JsonException)
        {
            return [];
        }
    }

    private static string Short(string? because) => because is { Length: > 0 } ? because[..Math.Min(because.Length, LongestReason)] : "a plugin refuses it";
}
