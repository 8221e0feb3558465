using Nssv.Contracts.Inventory;
using Nssv.Contracts.Storage;
using Nssv.Kernel;
using Nssv.Kernel.Flows;

namespace Nssv.Services.Compute.VirtualMachines;

/// <summary>What every flow about a virtual machine carries.</summary>
[FlowContext]
public record VmRun
{
    public required Id VirtualMachineId { get; init; }

    /// <summary>The host that has, or gets, its domain.</summary>
    public Id? HostId { get; init; }

    /// <summary>The run that is being started.</summary>
    public long RunGeneration { get; init; }

    /// <summary>What libvirt made of the hardware, when it was defined for the first time.</summary>
    public Nssv.Contracts.Agent.DomainHardware? Hardware { get; init; }
}

/// <summary>Context of flow "virtual-machine.create".</summary>
[FlowContext]
public sealed record VmCreate : VmRun
{
    public required bool Start { get; init; }
    public required IReadOnlyList<VolumeMake> Disks { get; init; }
    public Id? WantedHostId { get; init; }
}
