using Nssv.Contracts.Agent;
using Nssv.Kernel;
using Nssv.Kernel.Calls;

namespace Nssv.Contracts.Compute;

/// <summary>A host tells what it sees of one machine's domain. A turn, never queued behind an operation.</summary>
/// <param name="Sequence">Orders everything this host tells; late ones are dropped.</param>
/// <param name="Complete">Part of a whole list, not a single change.</param>
public sealed record ObserveDomain(Id VirtualMachineId, Id HostId, long Sequence, DomainState State, long RunGeneration, string? Reason, bool Complete) : Request<bool>
{
    public override Id Target => VirtualMachineId;
}

/// <summary>Nobody hears the host any more: what was known of the machine may be wrong now.</summary>
public sealed record ObserveHostSilence(Id VirtualMachineId, Id HostId) : Request<bool>
{
    public override Id Target => VirtualMachineId;
}

/// <summary>A person, or fencing, has made sure that the host is off: nothing runs on it.</summary>
public sealed record ObserveHostDown(Id VirtualMachineId, Id HostId) : Request<bool>
{
    public override Id Target => VirtualMachineId;
}
