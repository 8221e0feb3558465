using Nssv.Contracts.Storage;
using Nssv.Kernel;

namespace Nssv.Services.Storage.DataStorages;

/// <summary>A directory of the same path on each host; what is in it stays on its host.</summary>
internal sealed class LocalDataStorage : IDataStorageKind
{
    public string Name => "local";

    public DataStorageCapabilities Capabilities { get; } = new(SharedAcrossHosts: false, LinkedClone: true, Thin: true, NativeSnapshots: false, [VolumeFormat.Qcow2, VolumeFormat.Raw]);

    public IEnumerable<FieldError> Check(CreateDataStorage request) => StoragePath.Check("path", request.Path);

    public FieldError? Clash(CreateDataStorage request, DataStorage other) =>
        StoragePath.Overlap(request.Path, other.Path)
            ? new FieldError("path", "path-taken", $"Data storage '{other.Name}' ({other.Id}) of this data center is at {other.Path}.")
            : null;
}
