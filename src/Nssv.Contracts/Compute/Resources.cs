using Nssv.Contracts.Agent;
using Nssv.Contracts.Images;
using Nssv.Contracts.Inventory;
using Nssv.Kernel;
using Nssv.Kernel.Deletion;
using Nssv.Kernel.Model;

namespace Nssv.Contracts.Compute;

/// <summary>A virtual server; runs on one host at a time.</summary>
[Resource("virtual-machines", ShortName = "vm", Rank = 40)]
[IndexOn("by_host", nameof(VirtualMachine.HostId), nameof(VirtualMachine.DeletedAt), nameof(VirtualMachine.Name), nameof(VirtualMachine.Id))]
public sealed partial record VirtualMachine : NamedResource, IObserved, IRecyclable
{
    [Reference<Cluster>(OnDelete.Cascade), Index] public required Id ClusterId { get; init; }

    /// <summary>Virtual CPUs the guest gets at its next start.</summary>
    [Editable] public required int CpuCount { get; init; }

    /// <summary>Memory the guest gets at its next start; a multiple of 1 MiB.</summary>
    [Editable] public required long MemoryBytes { get; init; }

    public required Architecture Architecture { get; init; }

    public required Firmware Firmware { get; init; }

    [Reference<Image>, Index] public Id? ImageId { get; init; }

    /// <summary>Whether it is meant to run.</summary>
    [Observed] public required PowerIntent PowerIntent { get; init; }

    /// <summary>Grows by one with each attempt to start it; a domain of an older generation is never adopted.</summary>
    [Internal, Observed] public required long RunGeneration { get; init; }

    /// <summary>The last run that was seen to be up, and the last one that was then seen to end: a guest may be off again before its start is through.</summary>
    [Internal, Observed] public long SeenRunning { get; init; }

    /// <inheritdoc cref="SeenRunning"/>
    [Internal, Observed] public long SeenEnded { get; init; }

    /// <summary>The only host that may run it: held until its stop is confirmed or the host is fenced.</summary>
    [Internal, Observed, Reference<Host>, Index] public Id? PlacementHostId { get; init; }

    /// <summary>Machine type, addresses and CPU model as the first define made them canonical; reused for ever, so that hardware does not move.</summary>
    [Internal, Observed, JsonColumn] public DomainHardware? Hardware { get; init; }

    [Observed] public required VmState State { get; init; }

    /// <summary>Where its domain is defined: while it runs, and after it has stopped until it is started elsewhere.</summary>
    [Observed, Reference<Host>, Index] public Id? HostId { get; init; }

    [Internal, Observed] public long ObservedSequence { get; init; }

    /// <summary>When the state was last seen to change.</summary>
    [Observed] public DateTimeOffset? StateChangedAt { get; init; }

    /// <summary>Why it is in this state, when that is not plain ("guest-shutdown", "crashed", "host-disconnected").</summary>
    [Observed] public string? StateReason { get; init; }

    /// <summary>What deleting it does; null: as the setting of its kind says.</summary>
    [Editable] public DeletionPolicy? DeletionPolicy { get; init; }

    [Observed] public DateTimeOffset? DeletedAt { get; init; }

    [Observed] public DateTimeOffset? ExpungeAt { get; init; }
}

public enum Firmware { Bios, Uefi }

public enum PowerIntent { Off, On }

public enum VmState
{
    Creating,
    Stopped,
    Starting,
    Running,
    Stopping,
    Paused,
    Deleting,
    /// <summary>Its host is silent: it may run or not.</summary>
    Unknown,
    /// <summary>Stopped, and in the recycle bin.</summary>
    Recycled,
}
