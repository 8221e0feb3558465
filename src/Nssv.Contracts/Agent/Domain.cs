using Nssv.Contracts.Compute;
using Nssv.Contracts.Inventory;
using Nssv.Contracts.Network;
using Nssv.Contracts.Storage;
using Nssv.Kernel;

namespace Nssv.Contracts.Agent;

/// <summary>A virtual machine as a host must define it. Whole: nothing is remembered from an earlier one.</summary>
public sealed record DomainSpec
{
    public required Id VirtualMachineId { get; init; }

    /// <summary>What people call it; shown as the domain's title, never used as a name or a path.</summary>
    public required string Title { get; init; }

    public required long RunGeneration { get; init; }
    public required Architecture Architecture { get; init; }
    public required Firmware Firmware { get; init; }
    public required int CpuCount { get; init; }
    public required long MemoryBytes { get; init; }
    public required IReadOnlyList<DiskSpec> Disks { get; init; }
    public required IReadOnlyList<NicSpec> Nics { get; init; }

    /// <summary>Null at the first define: the host chooses, and returns what it chose.</summary>
    public DomainHardware? Hardware { get; init; }
}

/// <summary>A disk: its active layer by id, never a path.</summary>
public sealed record DiskSpec(Id VolumeId, Id DataStorageId, Id LayerId, VolumeFormat Format, int DeviceIndex, string Serial);

/// <summary>A network card on an isolated link (driver isolated) for now.</summary>
public sealed record NicSpec(Id NetworkInterfaceId, Id PortGroupId, string PortGroupKind, string MacAddress, int DeviceIndex, NicModel Model);

/// <summary>What must stay as the guest first saw it: canonical machine type, effective CPU model, addresses by device.</summary>
/// <param name="MachineType">Canonical, such as "pc-q35-7.2".</param>
/// <param name="CpuModelXml">The &lt;cpu&gt; element libvirt made of what was asked, custom and exact.</param>
/// <param name="Addresses">Device alias ("disk:&lt;volumeId&gt;", "nic:&lt;id&gt;", "controller:pci:1" …) → the attributes of its &lt;address&gt; element.</param>
public sealed record DomainHardware(string MachineType, string CpuModelXml, IReadOnlyDictionary<string, IReadOnlyDictionary<string, string>> Addresses);

/// <summary>What a host sees of one domain of this platform.</summary>
public sealed record DomainStatus(Id VirtualMachineId, long RunGeneration, DomainState State, string? Reason);

public enum DomainState { Absent, Defined, Running, Paused, ShuttingDown, Crashed }
