using Nssv.Contracts.Storage;
using Nssv.Kernel.Cascade;
using Nssv.Kernel.Deletion;

namespace Nssv.Services.Storage.Volumes;

/// <summary>A volume of a machine goes with the machine alone: while that stays, so does the volume. One that is never deleted is for a person to expunge.</summary>
internal sealed class VolumeCascade(DeletionRules rules) : ICascadeHook
{
    public string Kind => "volume";

    public async ValueTask<CascadeFindings> Look(CascadeLook look, CancellationToken cancel)
    {
        var attached = look.Rows.Where(row => row.Links.Any(link => link.Property == nameof(Volume.VirtualMachineId))).Select(row => new CascadeHindrance(
            Kind, row.Id, row.Name, $"volume '{row.Name}' is attached to virtual machine {row.Reference(nameof(Volume.VirtualMachineId))}.", "Detach it first, or delete the machine with its disks."));
        return new() { Hindrances = [.. attached, .. await rules.NeverDeleted(look, "volumes", VolumeDeletion.Policy)] };
    }
}
