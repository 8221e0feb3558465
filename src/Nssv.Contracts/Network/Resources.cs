using Nssv.Contracts.Compute;
using Nssv.Contracts.Inventory;
using Nssv.Kernel;
using Nssv.Kernel.Model;

namespace Nssv.Contracts.Network;

/// <summary>Ports with one configuration. Driver "isolated": a link with no peer, until networks come.</summary>
[Resource("port-groups", ShortName = "portgroup", Rank = 31)]
public sealed record PortGroup : NamedResource
{
    [Reference<DataCenter>(OnDelete.Cascade), Index] public required Id DataCenterId { get; init; }

    /// <summary>Names the driver.</summary>
    public required string Kind { get; init; }
}

/// <summary>A virtual network card.</summary>
[Resource("network-interfaces", ShortName = "nic", Rank = 50)]
public sealed record NetworkInterface : NamedResource
{
    [Reference<VirtualMachine>(OnDelete.Part), Index] public required Id VirtualMachineId { get; init; }
    [Reference<PortGroup>, Index] public required Id PortGroupId { get; init; }

    /// <summary>Lower case with colons; locally administered, unique in the platform.</summary>
    [Index(Unique = true)] public required string MacAddress { get; init; }

    public required int DeviceIndex { get; init; }
    public required NicModel Model { get; init; }
}

public enum NicModel { Virtio, E1000e }
