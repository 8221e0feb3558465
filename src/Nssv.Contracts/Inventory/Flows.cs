using Nssv.Kernel;
using Nssv.Kernel.Flows;

namespace Nssv.Contracts.Inventory;

/// <summary>Context of flow "host.confirm-down".</summary>
[FlowContext]
public sealed record HostDown
{
    public required Id HostId { get; init; }
}
