using System.Text.Json.Nodes;
using Nssv.Plugins;

namespace LegalHold;

/// <summary>Nothing on hold is deleted.</summary>
internal sealed class HoldGuard(TimeProvider time) : DeletionGuard
{
    public override string Name => "hold";

    public override string Kind => "virtual-machine";

    public override Task<IReadOnlyList<Hindrance>> Hindrances(IReadOnlyList<JsonObject> resources, CancellationToken cancelled)
    {
        var today = Hold.Today(time);
        return Task.FromResult<IReadOnlyList<Hindrance>>(
        [
            .. from resource in resources
               where Hold.Of(resource, today) is not null
               select new Hindrance(resource["id"]!.GetValue<string>(), $"it is on legal hold until {Hold.Of(resource, today):yyyy-MM-dd}{Hold.Case(resource)}", $"Wait, or let whoever set it take tag {Hold.Tag} away."),
        ]);
    }
}
