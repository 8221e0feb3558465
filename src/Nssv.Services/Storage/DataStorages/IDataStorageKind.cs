using Nssv.Contracts.Storage;
using Nssv.Kernel;

namespace Nssv.Services.Storage.DataStorages;

/// <summary>What the manager knows of one kind of data storage; the other half of the driver is in the hosts' agents.</summary>
public interface IDataStorageKind
{
    /// <summary>As resources name it, such as "local".</summary>
    string Name { get; }

    DataStorageCapabilities Capabilities { get; }

    /// <summary>What is wrong with the fields that only this kind has. Pure.</summary>
    IEnumerable<FieldError> Check(CreateDataStorage request);

    /// <summary>Why the two cannot be used beside each other on one host, null when they can. Pure.</summary>
    /// <param name="other">A storage of the same kind in the same data center.</param>
    FieldError? Clash(CreateDataStorage request, DataStorage other);
}

/// <param name="SharedAcrossHosts">A disk can be reached from every host that the storage is attached to; else it stays on the host where it was made.</param>
/// <param name="LinkedClone">A disk may be an overlay on an image's copy.</param>
/// <param name="Thin">Disks take only what was written.</param>
/// <param name="NativeSnapshots">The storage makes snapshots itself; else they are layers.</param>
/// <param name="Formats">What disks may be stored as; the first is what new ones are.</param>
public sealed record DataStorageCapabilities(bool SharedAcrossHosts, bool LinkedClone, bool Thin, bool NativeSnapshots, IReadOnlyList<VolumeFormat> Formats);

/// <summary>The kinds that this version has drivers for.</summary>
public sealed class DataStorageKinds(IEnumerable<IDataStorageKind> kinds)
{
    private readonly SortedDictionary<string, IDataStorageKind> _kinds = new(kinds.ToDictionary(kind => kind.Name), StringComparer.Ordinal);

    /// <exception cref="ProblemException">400 kind-unknown, naming those that there are.</exception>
    public IDataStorageKind Get(string name) =>
        _kinds.TryGetValue(name, out var kind) ? kind
        : throw (Problems.Invalid("kind", "There is no data storage of this kind.", $"Use one of: {string.Join(", ", _kinds.Keys)}.", "kind-unknown") with { Candidates = [.. _kinds.Keys] }).AsException();
}
