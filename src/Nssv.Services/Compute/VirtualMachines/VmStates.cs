using Nssv.Contracts.Compute;
using Nssv.Kernel;
using Nssv.Kernel.Deletion;

namespace Nssv.Services.Compute.VirtualMachines;

internal enum VmAction { Start, Stop, Reboot, Pause, Resume, Delete }

/// <summary>
/// The state machine of a virtual machine, as drawn in docs/mechanisms/virtual-machine-states.md.
/// <code>
///             create                 start                    ok
///   (nothing) ──────► Creating ─ok─► Stopped ────► Starting ──────► Running ◄──resume── Paused
///                        │ failed        ▲  ▲  failed  │              │ │  └──pause───────►│
///                     (nothing)          │  └──────────┘     stop     │ │                  │
///                                        └───────── Stopping ◄────────┘ └── guest off ─► Stopped
///   any but Creating ── delete ──► Stopping ──► Recycled ── recover ──► Stopped        Recycled, or any with expunge ──► Deleting ──► (nothing)
///      host silent: Running, Paused, … ──► Unknown ──► what the host reports
/// </code>
/// </summary>
internal static class VmStates
{
    /// <summary>Whether the action makes sense now; asked when it is accepted and once more when it starts.</summary>
    public static bool Allows(VirtualMachine vm, VmAction action, out Problem problem)
    {
        problem = Refusal(vm, action);
        return action switch
        {
            VmAction.Start => vm.State is VmState.Stopped or VmState.Running or VmState.Starting,
            VmAction.Stop => vm.State is VmState.Running or VmState.Paused or VmState.Stopped or VmState.Stopping or VmState.Starting,
            VmAction.Reboot => vm.State is VmState.Running,
            VmAction.Pause => vm.State is VmState.Running or VmState.Paused,
            VmAction.Resume => vm.State is VmState.Paused or VmState.Running,
            VmAction.Delete => vm.State is not VmState.Unknown,
            _ => false,
        };
    }

    private static Problem Refusal(VirtualMachine vm, VmAction action)
    {
        var verb = action.ToString().ToLowerInvariant();
        return vm.State == VmState.Recycled ? RecycleProblems.Recycled(vm)
            : vm.State == VmState.Unknown
            ? new Problem(409, "vm-state-unknown", "Nobody knows whether the virtual machine runs.",
                $"The host of '{vm.Name}' does not answer, so the machine may still run there.",
                "Bring the host back, or make sure that it is off and confirm that with hosts/{id}:confirmDown.")
            : new Problem(409, "vm-wrong-state", "The virtual machine's state does not allow this.",
                $"'{vm.Name}' is {vm.State.ToString().ToLowerInvariant()}; it cannot {verb}.",
                action switch
                {
                    VmAction.Reboot or VmAction.Pause when vm.State == VmState.Stopped => "Start it first.",
                    VmAction.Reboot when vm.State == VmState.Paused => "Resume it first.",
                    VmAction.Resume when vm.State == VmState.Stopped => "Only a paused machine can go on; start it instead.",
                    _ => "Wait for the operation that works on it.",
                });
    }
}
