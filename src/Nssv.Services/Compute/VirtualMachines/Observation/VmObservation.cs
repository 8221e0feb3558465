using Nssv.Contracts.Agent;
using Nssv.Contracts.Compute;

namespace Nssv.Services.Compute.VirtualMachines;

/// <summary>What a report does to what is known of a machine. Pure.</summary>
/// <param name="After">The machine as it is known from now on; null when the report changes nothing.</param>
/// <param name="Ended">It was seen to end: what it had booked is free.</param>
/// <param name="Strange">Something that should not be: said in the log, never adopted.</param>
internal sealed record VmObservation(VirtualMachine? After, bool Ended, string? Strange)
{
    private static readonly VmObservation Nothing = new(null, false, null);

    public static VmObservation Of(VirtualMachine vm, ObserveDomain seen, DateTimeOffset now)
    {
        if (seen.Sequence < vm.ObservedSequence)
            return Nothing;
        var up = seen.State is DomainState.Running or DomainState.Paused;
        if ((vm.PlacementHostId ?? vm.HostId) != seen.HostId)
            return up ? Nothing with { Strange = $"runs on host {seen.HostId}, where it should not be" } : Nothing;
        if (up && seen.RunGeneration != vm.RunGeneration)
            return Nothing with { Strange = $"runs as generation {seen.RunGeneration}, known is {vm.RunGeneration}" };
        if (seen.State == DomainState.ShuttingDown)
            return Nothing;

        var told = vm with { ObservedSequence = seen.Sequence };
        var observation = vm.State switch
        {
            VmState.Creating or VmState.Starting => Beginning(told, seen, up),
            VmState.Stopping when !up && seen.RunGeneration == vm.RunGeneration => Nothing with { After = told with { SeenEnded = vm.RunGeneration, StateReason = seen.Reason } },
            VmState.Running or VmState.Paused or VmState.Unknown => up ? Up(told, seen, now) : Down(told, seen, now),
            // Only a whole list revives a stopped machine: a single change may be older than the stop that has just been confirmed.
            VmState.Stopped when up && seen.Complete => Up(told, seen, now),
            _ => Nothing,
        };
        // Whole lists come every few minutes: a number alone is not worth a row for every machine. What is older than the list is dropped by the host's session.
        return observation.After is { } after && after with { ObservedSequence = vm.ObservedSequence } == vm ? observation with { After = null } : observation;
    }

    /// <summary>The operation writes the state; this only remembers, because the guest may be off again before the operation is through.</summary>
    private static VmObservation Beginning(VirtualMachine vm, ObserveDomain seen, bool up)
    {
        if (up)
            return Nothing with { After = vm with { SeenRunning = seen.RunGeneration } };
        return vm.SeenRunning == vm.RunGeneration && seen.RunGeneration == vm.RunGeneration
            ? Nothing with { After = vm with { SeenEnded = vm.RunGeneration, StateReason = seen.Reason } }
            : Nothing;
    }

    private static VmObservation Up(VirtualMachine vm, ObserveDomain seen, DateTimeOffset now)
    {
        var state = seen.State == DomainState.Paused ? VmState.Paused : VmState.Running;
        return Nothing with
        {
            After = vm with
            {
                State = state,
                StateReason = state == VmState.Paused ? seen.Reason : null,
                StateChangedAt = state == vm.State ? vm.StateChangedAt : now,
                HostId = seen.HostId,
                PlacementHostId = seen.HostId,
                PowerIntent = PowerIntent.On,
                SeenRunning = seen.RunGeneration,
            },
        };
    }

    private static VmObservation Down(VirtualMachine vm, ObserveDomain seen, DateTimeOffset now) => new(
        vm with
        {
            State = VmState.Stopped,
            StateReason = seen.Reason,
            StateChangedAt = now,
            PlacementHostId = null,
            PowerIntent = PowerIntent.Off,
            SeenEnded = vm.RunGeneration,
        },
        Ended: true, null);
}
