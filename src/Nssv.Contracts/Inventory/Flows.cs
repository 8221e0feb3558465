using Nssv.Kernel;
using Nssv.Kernel.Flows;

namespace Nssv.Contracts.Inventory;

/// <summary>Context of flow "host.remove-orphans".</summary>
[FlowContext]
public sealed record HostClearing
{
    public required Id HostId { get; init; }
    public required IReadOnlyList<HostOrphan> Orphans { get; init; }
}

/// <summary>Context of flow "host.confirm-down".</summary>
[FlowContext]
public sealed record HostDown
{
    public required Id HostId { get; init; }
}
