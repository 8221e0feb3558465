using Nssv.Contracts.Storage;
using Nssv.Kernel.Calls;
using Nssv.Kernel.Cascade;

namespace Nssv.Services.Storage.CachedLayers;

/// <summary>A layer that goes by itself is an image's copy; those of a disk go with the disk.</summary>
internal sealed class CachedLayerCascade : ICascadedKind
{
    public string Kind => "volume-layer";

    public CascadeAction Action => CascadeAction.Delete;

    public Request Remove(CascadeRow row) => new DropCachedLayer(row.Id);
}
