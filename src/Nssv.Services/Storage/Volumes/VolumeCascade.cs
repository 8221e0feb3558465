using Nssv.Contracts.Storage;
using Nssv.Kernel;
using Nssv.Kernel.Cascade;
using Nssv.Kernel.Deletion;

namespace Nssv.Services.Storage.Volumes;

/// <summary>A volume of a machine goes with the machine alone: while that stays, so does the volume. One that is never deleted is for a person to expunge.</summary>
internal sealed class VolumeCascade(DeletionRules rules) : ICascadeHook
{
    public string Kind => "volume";

    public async ValueTask<CascadeFindings> Look(CascadeLook look, CancellationToken cancel)
    {
        var attached = await look.Store.Select(
            "SELECT v.id, v.name, m.id, m.name, CASE WHEN v.role = @p1 THEN 'yes' ELSE 'no' END FROM volumes v JOIN virtual_machines m ON m.id = v.virtual_machine_id " +
            "WHERE v.id {in0} ORDER BY v.id",
            [look.Ids, VolumeRole.Data],
            row => new CascadeHindrance(
                Kind, Id.Parse(row.GetString(0)), row.GetString(1), $"volume '{row.GetString(1)}' is attached to virtual-machine '{row.GetString(3)}' ({row.GetString(2)}).",
                $"{(row.GetString(4) == "yes" ? $"Detach it first (POST /api/v1/volumes/{row.GetString(0)}:detach), or remove" : "Remove")} the machine with its disks: DELETE /api/v1/virtual-machines/{row.GetString(2)}?expunge=true"));
        return new() { Hindrances = [.. attached, .. await rules.NeverDeleted(look, "volumes", VolumeDeletion.Policy)] };
    }
}
