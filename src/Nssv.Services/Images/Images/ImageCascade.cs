using Nssv.Kernel.Cascade;
using Nssv.Kernel.Deletion;

namespace Nssv.Services.Images.Images;

/// <summary>One that is never deleted is for a person to expunge.</summary>
internal sealed class ImageCascade(DeletionRules rules) : ICascadeHook
{
    public string Kind => "image";

    public async ValueTask<CascadeFindings> Look(CascadeLook look, CancellationToken cancel) => new() { Hindrances = await rules.NeverDeleted(look, "images", ImageDeletion.Policy) };
}
