using Nssv.Kernel;
using Nssv.Kernel.Model;

namespace Nssv.Contracts.Inventory;

/// <summary>The largest namespace of resources: clusters, storages and switches live in one.</summary>
[Resource("data-centers", ShortName = "datacenter", Rank = 10)]
public sealed record DataCenter : NamedResource;

/// <summary>A group of hosts that a virtual machine may be placed on.</summary>
[Resource("clusters", ShortName = "cluster", Rank = 20)]
public sealed record Cluster : NamedResource
{
    [Reference<DataCenter>(OnDelete.Cascade), Index] public required Id DataCenterId { get; init; }

    /// <summary>The architecture of all its hosts.</summary>
    public required Architecture Architecture { get; init; }
}

public enum Architecture { X86_64, Aarch64 }

/// <summary>A physical server that runs virtual machines by KVM (or by emulation where there is none).</summary>
[Resource("hosts", ShortName = "host", Rank = 30)]
public sealed record Host : NamedResource, IObserved
{
    [Reference<Cluster>(OnDelete.Cascade), Index] public required Id ClusterId { get; init; }

    /// <summary>Name or address under which the manager reaches it.</summary>
    public required string Address { get; init; }

    /// <summary>URL of its agent; set when it enrols.</summary>
    public string? AgentUrl { get; init; }

    /// <summary>SHA-256 of the agent's certificate, hex; a removed host's is refused.</summary>
    [Internal] public string? CertificateFingerprint { get; init; }

    /// <summary>Of the certificate that is to take the other one's place when the agent first shows it.</summary>
    [Internal] public string? NextCertificateFingerprint { get; init; }

    /// <summary>Of <see cref="MemoryBytes"/>, what placement never hands out.</summary>
    [Editable] public required long ReservedMemoryBytes { get; init; }

    /// <summary>Virtual CPUs handed out per physical one, at most.</summary>
    [Editable] public required double CpuOvercommitRatio { get; init; }

    [Observed] public required HostState State { get; init; }

    /// <summary>Kernel's boot id: another one means that everything on it has stopped.</summary>
    [Observed] public string? BootId { get; init; }

    /// <summary>Counts the agent's starts.</summary>
    [Observed] public long AgentIncarnation { get; init; }

    [Observed] public FenceState FenceState { get; init; }

    /// <summary>Physical CPU threads.</summary>
    [Observed] public int CpuCount { get; init; }

    [Observed] public long MemoryBytes { get; init; }

    [Observed] public string? CpuModel { get; init; }

    /// <summary>"kvm" or "qemu" (emulation).</summary>
    [Observed] public string? VirtualizationType { get; init; }

    [Observed] public string? AgentVersion { get; init; }

    [Observed] public string? LibvirtVersion { get; init; }

    [Observed] public string? HypervisorVersion { get; init; }

    [Observed] public DateTimeOffset? LastHeartbeatAt { get; init; }

    /// <summary>What its last whole report named and the platform does not know: left alone until a person asks for its removal.</summary>
    [Observed, JsonColumn] public IReadOnlyList<HostOrphan> Orphans { get; init; } = [];

    [Internal, Observed] public long ObservedSequence { get; init; }

    /// <summary>Virtual CPUs booked by virtual machines; changed only by reservations.</summary>
    [Observed] public int BookedCpuCount { get; init; }

    /// <summary>Memory booked by virtual machines.</summary>
    [Observed] public long BookedMemoryBytes { get; init; }
}

/// <summary>Something of this platform on a host that no row accounts for.</summary>
/// <param name="DataStorageId">Where a layer is; null for a domain.</param>
public sealed record HostOrphan(OrphanKind Kind, Id Id, Id? DataStorageId);

public enum OrphanKind { Domain, Layer }

public enum HostState
{
    /// <summary>Known, but its agent has never come.</summary>
    Enrolling,
    /// <summary>Its agent is back: what it runs is being compared with what is known; no new work yet.</summary>
    Reconciling,
    Connected,
    /// <summary>No heartbeat for longer than the limit.</summary>
    Disconnected,
}

public enum FenceState { None, Suspected, Fenced, ConfirmedByHuman }

/// <summary>Books CPU and memory of a host for one virtual machine, so that parallel starts cannot overbook it.</summary>
[Table("host_reservations")]
public sealed record HostReservation
{
    [Key] public required Id VirtualMachineId { get; init; }
    [Reference<Host>, Index] public required Id HostId { get; init; }
    public required int CpuCount { get; init; }
    public required long MemoryBytes { get; init; }
}
