using System.Security.Cryptography;
using Nssv.Agent.Execution;
using Nssv.Contracts.Agent;
using Nssv.Contracts.Storage;
using Nssv.Kernel;

namespace Nssv.Agent.Storage;

/// <summary>
/// Kind "local": a directory. Layers are <c>layers/&lt;id&gt;.qcow2</c> or <c>.raw</c>; what is being made lies in <c>tmp/</c> on the same file system
/// and appears under its name whole (synced, renamed, directory synced). Runs inside a storage worker, so that a file system that hangs hangs only that.
/// </summary>
internal sealed class LocalStorage(Id platformId, Id storageId, string path) : IDataStorageDriver
{
    private const long LargestDisk = 64L << 40, SmallestDisk = 1L << 20;

    /// <summary>Kept free, so that a full storage is refused before QEMU meets it.</summary>
    private const long Margin = 4L << 20;
    private const UnixFileMode Passable = UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute | UnixFileMode.GroupExecute | UnixFileMode.OtherExecute;

    private static readonly TimeSpan ToolLimit = TimeSpan.FromSeconds(60);

    private readonly string _layers = Path.Combine(path, "layers");
    private readonly string _temporary = Path.Combine(path, "tmp");
    private readonly StorageMark _mark = new(path, platformId, storageId);
    private bool _directIo;

    public DataStorageCapabilities Capabilities { get; } = new(Layers: true, Shared: false, LinkedClone: true, Thin: true, [VolumeFormat.Qcow2, VolumeFormat.Raw]);

    public async Task<StorageFacts> Open(CancellationToken cancel)
    {
        StoragePath.Check(path);
        MakeFolder(path);
        _mark.Claim();
        MakeFolder(_layers);
        MakeFolder(_temporary);
        foreach (var left in Directory.EnumerateFiles(_temporary))
            File.Delete(left);
        Posix.SyncFolder(path);
        var probe = Path.Combine(_temporary, "probe");
        await File.WriteAllBytesAsync(probe, [], cancel).ConfigureAwait(false);
        _directIo = Posix.TakesDirectIo(probe);
        File.Delete(probe);
        await StoragePath.CheckReachable(_layers, cancel).ConfigureAwait(false);
        return new StorageFacts(Capacity(), _directIo);
    }

    public Task<StorageCapacity> Measure(CancellationToken cancel)
    {
        // The directory itself, so that a vanished mount is an error and not the figures of what lies beneath.
        return !Directory.Exists(_layers) || !_mark.IsThere
            ? throw StorageProblems.Unavailable(path, "its directory or its mark is gone; perhaps it is not mounted").AsException()
            : Task.FromResult(Capacity());
    }

    public async Task<LayerInfo> Create(Id layerId, VolumeFormat format, long sizeBytes, CancellationToken cancel)
    {
        CheckSize(sizeBytes);
        if (Existing(layerId, format, sizeBytes, parent: null) is { } there)
            return there;
        if (format is VolumeFormat.Raw)
            Need(sizeBytes);
        return await Make(layerId, format, temporary => format is VolumeFormat.Raw
            ? MakeRaw(temporary, sizeBytes)
            : QemuImg(["create", "-q", "-f", "qcow2", "-o", "compat=1.1", temporary, $"{sizeBytes}"], cancel)).ConfigureAwait(false);
    }

    public async Task<LayerInfo> CreateChild(Id layerId, long sizeBytes, Id parentLayerId, VolumeFormat parentFormat, CancellationToken cancel)
    {
        CheckSize(sizeBytes);
        if (Existing(layerId, VolumeFormat.Qcow2, sizeBytes, parentLayerId) is { } there)
            return there;
        var parent = FileOf(parentLayerId, parentFormat);
        if (!File.Exists(parent))
            throw StorageProblems.LayerMissing(parentLayerId).AsException();
        var parentSize = VirtualSize(parent, parentFormat);
        if (sizeBytes < parentSize)
            throw StorageProblems.TooSmall(sizeBytes, parentSize).AsException();
        // -u: the name is relative to where the overlay will be, not to where it is made; what -u leaves unchecked was checked above.
        return await Make(layerId, VolumeFormat.Qcow2, temporary => QemuImg(
            ["create", "-q", "-u", "-f", "qcow2", "-b", Path.GetFileName(parent), "-F", Name(parentFormat), "-o", "compat=1.1", temporary, $"{sizeBytes}"], cancel)).ConfigureAwait(false);
    }

    Task<LayerInfo?> IDataStorageDriver.Find(Id layerId, CancellationToken cancel) =>
        Task.FromResult(Find(layerId) is { } layer ? Describe(layer.Path, layer.Format) : null);

    public Task<string> Inbox(Id layerId, CancellationToken cancel) => Task.FromResult(InboxFile(layerId));

    public async Task<LayerInfo> Import(Id layerId, LayerSource source, CancellationToken cancel)
    {
        if (Find(layerId) is { } there)
            return Describe(there.Path, there.Format);
        var arrived = source.Path == InboxFile(layerId);
        try
        {
            if (!arrived)
                Need(Posix.Stat(source.Path).AllocatedBytes);
            return await Make(layerId, source.Format, temporary => Copy(source, temporary, arrived, cancel), immutable: true).ConfigureAwait(false);
        }
        finally
        {
            if (arrived)
                File.Delete(source.Path);
        }
    }

    public Task Delete(Id layerId, CancellationToken cancel)
    {
        if (Find(layerId) is not { } layer)
            return Task.CompletedTask;
        var name = Path.GetFileName(layer.Path);
        foreach (var (other, format, file) in Files())
        {
            if (format is VolumeFormat.Qcow2 && other != layerId && Header(file)?.BackingFile == name)
                throw StorageProblems.HasChildren(layerId, other).AsException();
        }

        File.Delete(layer.Path);
        Posix.SyncFolder(_layers);
        return Task.CompletedTask;
    }

    public Task<IReadOnlyList<StoredLayer>> List(CancellationToken cancel) => Task.FromResult<IReadOnlyList<StoredLayer>>(
        [.. Files().Select(f => (f.LayerId, f.Format, Facts: Posix.TryStat(f.Path))).Where(f => f.Facts is not null).Select(f => new StoredLayer(f.LayerId, f.Format, f.Facts!.AllocatedBytes))]);

    public Task<LayerAttachment> Prepare(Id layerId, LayerAccess access, CancellationToken cancel) => Find(layerId) is { } layer
        ? Task.FromResult<LayerAttachment>(new FileAttachment(layer.Path, layer.Format, _directIo))
        : throw StorageProblems.LayerMissing(layerId).AsException();

    // Nothing was made by Prepare.
    public Task Release(Id layerId, CancellationToken cancel) => Task.CompletedTask;

    // No other host sees these files, and QEMU locks them among the processes of this one.
    public Task AcquireLease(VolumeLease lease, CancellationToken cancel) => Task.CompletedTask;

    public Task ReleaseLease(VolumeLease lease, CancellationToken cancel) => Task.CompletedTask;

    public Task Leave(CancellationToken cancel)
    {
        _mark.Remove();
        return Task.CompletedTask;
    }

    private static string Name(VolumeFormat format) => format is VolumeFormat.Raw ? "raw" : "qcow2";

    private string InboxFile(Id layerId) => Path.Combine(_temporary, $"{layerId}.incoming");

    private string FileOf(Id layerId, VolumeFormat format) => Path.Combine(_layers, $"{layerId}.{Name(format)}");

    private (string Path, VolumeFormat Format)? Find(Id layerId)
    {
        foreach (var format in Capabilities.Formats)
        {
            if (Posix.TryStat(FileOf(layerId, format)) is { IsRegular: true })
                return (FileOf(layerId, format), format);
        }

        return null;
    }

    private IEnumerable<(Id LayerId, VolumeFormat Format, string Path)> Files()
    {
        foreach (var file in Directory.EnumerateFiles(_layers))
        {
            VolumeFormat? format = Path.GetExtension(file) switch { ".qcow2" => VolumeFormat.Qcow2, ".raw" => VolumeFormat.Raw, _ => null };
            if (format is { } known && Id.TryParse(Path.GetFileNameWithoutExtension(file), null, out var id))
                yield return (id, known, file);
        }
    }

    /// <summary>What a repeat finds; a layer of this id that is not what is asked is a conflict.</summary>
    private LayerInfo? Existing(Id layerId, VolumeFormat format, long sizeBytes, Id? parent)
    {
        if (Find(layerId) is not { } layer)
            return null;
        var size = VirtualSize(layer.Path, layer.Format);
        var backing = layer.Format is VolumeFormat.Qcow2 ? Header(layer.Path)?.BackingFile : null;
        if (layer.Format != format || size != sizeBytes)
            throw StorageProblems.LayerDiffers(layerId, $"it is {Name(layer.Format)} of {size} bytes, asked was {Name(format)} of {sizeBytes}.").AsException();
        return Path.GetFileNameWithoutExtension(backing) == parent?.ToString()
            ? Describe(layer.Path, format)
            : throw StorageProblems.LayerDiffers(layerId, $"it reads from {backing ?? "nothing"}.").AsException();
    }

    private async Task<LayerInfo> Make(Id layerId, VolumeFormat format, Func<string, Task> write, bool immutable = false)
    {
        var temporary = Path.Combine(_temporary, $"{layerId}.{Name(format)}");
        var final = FileOf(layerId, format);
        try
        {
            await write(temporary).ConfigureAwait(false);
            File.SetUnixFileMode(temporary, immutable
                ? UnixFileMode.UserRead | UnixFileMode.GroupRead | UnixFileMode.OtherRead
                : UnixFileMode.UserRead | UnixFileMode.UserWrite);
            if (!immutable)
                Posix.SyncFile(temporary);
            File.Move(temporary, final);
            Posix.SyncFolder(_layers);
            return Describe(final, format);
        }
        catch (Exception e)
        {
            File.Delete(temporary);
            if (Posix.IsFull(e))
                throw new ProblemException(StorageProblems.Full(path, null, Capacity().AvailableBytes), e);
            throw;
        }
    }

    private static async Task MakeRaw(string file, long sizeBytes)
    {
        await using var stream = new FileStream(file, FileMode.Create, FileAccess.Write);
        stream.SetLength(sizeBytes);
    }

    private async Task QemuImg(IReadOnlyList<string> arguments, CancellationToken cancel)
    {
        Need(0);
        var result = await ChildProcess.Run("/usr/bin/qemu-img", arguments, ToolLimit, cancel).ConfigureAwait(false);
        if (result.ExitCode == 0)
            return;
        throw (result.Complaint.Contains("No space left", StringComparison.Ordinal) || result.Complaint.Contains("quota", StringComparison.OrdinalIgnoreCase)
            ? StorageProblems.Full(path, null, Capacity().AvailableBytes)
            : StorageProblems.Tool("qemu-img create", result.Complaint)).AsException();
    }

    /// <summary>Shares blocks where the file system can, else copies what is not a hole; reads the copy back against the checksum.</summary>
    private static async Task Copy(LayerSource source, string temporary, bool arrived, CancellationToken cancel)
    {
        if (arrived)
        {
            File.Move(source.Path, temporary, overwrite: true);
            Posix.SyncFile(temporary);
        }
        else
        {
            await CloneOrCopy(source.Path, temporary, cancel).ConfigureAwait(false);
        }

        await using var copy = new FileStream(temporary, FileMode.Open, FileAccess.Read, FileShare.Read, 1 << 20);
        var found = Convert.ToHexStringLower(await SHA256.HashDataAsync(copy, cancel).ConfigureAwait(false));
        if (!found.Equals(source.Sha256, StringComparison.OrdinalIgnoreCase))
            throw StorageProblems.ChecksumWrong("The image as it is stored", source.Sha256, found).AsException();
    }

    private static async Task CloneOrCopy(string source, string temporary, CancellationToken cancel)
    {
        using var from = File.OpenHandle(source);
        using var to = File.OpenHandle(temporary, FileMode.Create, FileAccess.ReadWrite);
        if (!Posix.TryClone(to, from))
            await SparseCopy.Run(from, to, cancel).ConfigureAwait(false);
        RandomAccess.FlushToDisk(to);
    }

    private static LayerInfo Describe(string file, VolumeFormat format) => new(VirtualSize(file, format), Posix.Stat(file).AllocatedBytes);

    private static long VirtualSize(string file, VolumeFormat format) => format is VolumeFormat.Raw
        ? Posix.Stat(file).Size
        : Header(file) is { Lie: null } header ? header.VirtualSize : throw StorageProblems.Tool(Path.GetFileName(file), "it is no sound qcow2 file").AsException();

    private static Qcow2Header? Header(string file)
    {
        using var stream = new FileStream(file, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete);
        return Qcow2Header.Read(stream);
    }

    private static void CheckSize(long sizeBytes)
    {
        if (sizeBytes is < SmallestDisk or > LargestDisk || sizeBytes % 512 != 0)
            throw StorageProblems.BadSize(sizeBytes).AsException();
    }

    private void Need(long bytes)
    {
        var available = Capacity().AvailableBytes;
        if (available < bytes + Margin)
            throw StorageProblems.Full(path, bytes + Margin, available).AsException();
    }

    private StorageCapacity Capacity()
    {
        var drive = new DriveInfo(path);
        return new StorageCapacity(drive.TotalSize, drive.AvailableFreeSpace);
    }

    private static void MakeFolder(string folder)
    {
        Directory.CreateDirectory(folder, Passable);
        if (Posix.Stat(folder).IsLink)
            throw StorageProblems.BadPath($"{folder} is a symbolic link.").AsException();
    }
}
