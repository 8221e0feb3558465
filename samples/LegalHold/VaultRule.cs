using System.Text.Json.Nodes;
using Nssv.Plugins;

namespace LegalHold;

/// <summary>A machine on hold runs, if at all, on hosts that are labelled vault=yes.</summary>
internal sealed class VaultRule(TimeProvider time) : PlacementRule
{
    public override string Name => "vault";

    public override Task<IReadOnlyList<HostRefusal>> Refusals(JsonObject virtualMachine, IReadOnlyList<JsonObject> hosts, CancellationToken cancelled) =>
        Task.FromResult<IReadOnlyList<HostRefusal>>(Hold.Of(virtualMachine, Hold.Today(time)) is null ? [] :
        [
            .. from host in hosts
               where host["labels"]?["vault"]?.GetValue<string>() != "yes"
               select new HostRefusal(host["id"]!.GetValue<string>(), "it is not in the vault"),
        ]);
}
