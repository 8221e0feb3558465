using Nssv.Contracts.Compute;
using Nssv.Contracts.Storage;
using Nssv.Kernel;
using Nssv.Kernel.Calls;
using Nssv.Kernel.Data;

namespace Nssv.Services.Storage.Volumes;

/// <summary>
/// Attaches a free volume to a stopped machine, which sees it at its next start. That the machine is stopped, and has its disks on this volume's host, are
/// conditions of the same transaction: a start, or another attach, at this moment either sees the disk or makes this fail.
/// </summary>
internal sealed class AttachVolumeTurn : AcceptTurn<AttachVolume, Volume>
{
    public override async ValueTask<Decision> Decide(AttachVolume request, Volume volume, AcceptContext turn)
    {
        var vm = await turn.Store.Find<VirtualMachine>(request.VirtualMachineId)
            ?? throw Problems.Invalid("virtualMachineId", $"There is no virtual machine '{request.VirtualMachineId}'.", code: "reference-not-found").AsException();
        if (volume.VirtualMachineId == vm.Id)
            return Decision.Done();
        if (volume.VirtualMachineId is not null)
            throw new Problem(409, "volume-in-use", "The volume is attached to another machine.", $"Volume '{volume.Name}' is in use.", "Detach it there first.").AsException();
        if (volume.State != VolumeState.Ready)
            throw new Problem(409, "volume-not-ready", "The volume cannot be used now.", $"Volume '{volume.Name}' is {volume.State.ToString().ToLowerInvariant()}.", "Wait for the operation that works on it.").AsException();
        StoppedMachine.MakeSure(vm);
        var disks = await turn.Store.List<Volume>(Condition.Equal(nameof(Volume.VirtualMachineId), vm.Id));
        if (volume.HostId is { } host && disks.FirstOrDefault(d => d.HostId is { } other && other != host) is { } elsewhere)
        {
            throw new Problem(409, "volumes-on-several-hosts", "The volume is on another host than the machine's disks.",
                $"'{elsewhere.Name}' is on host {elsewhere.HostId}, '{volume.Name}' on {host}.", "Make a volume on the machine's host.").AsException();
        }

        if (disks.Count > DiskSize.MaxCount)
            throw Problems.Invalid("virtualMachineId", $"'{vm.Name}' has {disks.Count} disks already.", "Detach one first.", "too-many").AsException();
        var index = Enumerable.Range(1, DiskSize.MaxCount + 1).First(i => disks.All(d => d.DeviceIndex != i));
        return Decision.Done(new UnitOfWork()
            .OnlyWhileStopped(vm.Id)
            .OnlyWhilePlaceIsFree("volumes", vm.Id, index)
            .OnlyBesideDisksOf(volume.HostId, vm.Id)
            .Update(volume, volume with { VirtualMachineId = vm.Id, DeviceIndex = index, UpdatedAt = turn.Now }));
    }
}

internal sealed class DetachVolumeTurn : AcceptTurn<DetachVolume, Volume>
{
    public override async ValueTask<Decision> Decide(DetachVolume request, Volume volume, AcceptContext turn)
    {
        if (volume.VirtualMachineId is not { } vmId)
            return Decision.Done();
        var vm = await turn.Store.Get<VirtualMachine>(vmId);
        if (volume.Role == VolumeRole.Root)
            throw new Problem(409, "volume-is-root", "A root disk cannot be detached.", $"'{vm.Name}' boots from '{volume.Name}'.", "Delete the machine, or detach a data disk.").AsException();
        StoppedMachine.MakeSure(vm);
        return Decision.Done(new UnitOfWork()
            .Update(volume, volume with { VirtualMachineId = null, DeviceIndex = null, UpdatedAt = turn.Now })
            .OnlyWhileStopped(vm.Id));
    }
}
