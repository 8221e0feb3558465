using System.Text.Json;
using System.Text.Json.Serialization;
using Nssv.Agent.Execution;
using Nssv.Agent.Storage;
using Nssv.Contracts.Agent;
using Nssv.Contracts.Images;
using Nssv.Kernel;

namespace Nssv.Agent.Images;

/// <summary>
/// Kind "local": a directory with <c>images/&lt;id&gt;.qcow2|.iso</c>, each with its manifest <c>&lt;id&gt;.json</c>, written last: an image without a
/// manifest is not there. <c>tmp/</c> holds workspaces, <c>uploads/</c> what people sent.
/// </summary>
internal sealed class LocalImageStorage(Id platformId, Id storageId, string path, BlockingCalls calls) : IImageStorageDriver
{
    private const UnixFileMode Passable = UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute | UnixFileMode.GroupExecute | UnixFileMode.OtherExecute;
    private const UnixFileMode Private = UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute;

    private static readonly TimeSpan CallLimit = TimeSpan.FromSeconds(30);
    private static readonly JsonSerializerOptions Json = new(JsonSerializerDefaults.Web) { WriteIndented = true, Converters = { new JsonStringEnumConverter(JsonNamingPolicy.CamelCase) } };

    private readonly StorageMark _mark = new(path, platformId, storageId);
    private readonly string _images = Path.Combine(path, "images");
    private readonly string _temporary = Path.Combine(path, "tmp");
    private readonly string _uploads = Path.Combine(path, "uploads");

    public async Task<StorageCapacity> Open(CancellationToken cancel)
    {
        StoragePath.Check(path);
        var capacity = await calls.Run(() =>
        {
            foreach (var folder in (string[])[path, _images, _temporary])
                Directory.CreateDirectory(folder, Passable);
            Directory.CreateDirectory(_uploads, Private);
            _mark.Claim();
            foreach (var left in Directory.EnumerateDirectories(_temporary))
                Directory.Delete(left, recursive: true);
            foreach (var part in Directory.EnumerateFiles(_uploads, "*.part"))
                File.Delete(part);
            Posix.SyncFolder(path);
            return Capacity();
        }, CallLimit, cancel).ConfigureAwait(false);
        await StoragePath.CheckReachable(_temporary, cancel).ConfigureAwait(false);
        return capacity;
    }

    public Task<StorageCapacity> Measure(CancellationToken cancel) => calls.Run(
        () => _mark.IsThere ? Capacity() : throw StorageProblems.Unavailable(path, "its directory or its mark is gone; perhaps it is not mounted").AsException(),
        CallLimit, cancel);

    public Task Leave(CancellationToken cancel) => calls.Run(() =>
    {
        _mark.Remove();
        return true;
    }, CallLimit, cancel);

    public string UploadFile(Id imageId) => Path.Combine(_uploads, imageId.ToString());

    public Task<string> Workspace(Id imageId, CancellationToken cancel) => calls.Run(() =>
    {
        var folder = Path.Combine(_temporary, imageId.ToString());
        if (Directory.Exists(folder))
            Directory.Delete(folder, recursive: true);
        Directory.CreateDirectory(folder, Private);
        return folder;
    }, CallLimit, cancel);

    public Task<ImageManifest?> Find(Id imageId, CancellationToken cancel) => calls.Run(() => Load(imageId), CallLimit, cancel);

    public Task<ImageManifest> Keep(string file, ImageManifest manifest, CancellationToken cancel) => calls.Run(() =>
    {
        Posix.SyncFile(file);
        File.SetUnixFileMode(file, UnixFileMode.UserRead);
        Posix.Own(file, 0, 0);
        var complete = manifest with { StoredLength = Posix.Stat(file).Size, StoredSizeBytes = Posix.Stat(file).AllocatedBytes };
        File.Move(file, Content(manifest), overwrite: true);
        AtomicFile.Write(ManifestFile(manifest.ImageId), JsonSerializer.SerializeToUtf8Bytes(complete, Json));
        Clear(manifest.ImageId);
        return complete;
    }, CallLimit, cancel);

    public Task<ImageContent> Read(Id imageId, CancellationToken cancel) => calls.Run(() =>
    {
        var manifest = Load(imageId) ?? throw ImageProblems.NotFound(imageId).AsException();
        var file = Content(manifest);
        return new ImageContent(manifest, new FileStream(file, FileMode.Open, FileAccess.Read, FileShare.Read, 1 << 20, FileOptions.Asynchronous | FileOptions.SequentialScan), file);
    }, CallLimit, cancel);

    public Task Delete(Id imageId, CancellationToken cancel) => calls.Run(() =>
    {
        File.Delete(ManifestFile(imageId));
        foreach (var format in Enum.GetValues<ImageFormat>())
            File.Delete(Path.Combine(_images, $"{imageId}{Extension(format)}"));
        Posix.SyncFolder(_images);
        Clear(imageId);
        return true;
    }, CallLimit, cancel);

    public Task<IReadOnlyList<Id>> List(CancellationToken cancel) => calls.Run<IReadOnlyList<Id>>(
        () => [.. Directory.EnumerateFiles(_images, "*.json").Select(f => Id.TryParse(Path.GetFileNameWithoutExtension(f), null, out var id) ? id : Id.None).Where(id => !id.IsNone)],
        CallLimit, cancel);

    private static string Extension(ImageFormat format) => format is ImageFormat.Iso ? ".iso" : ".qcow2";

    private string Content(ImageManifest manifest) => Path.Combine(_images, $"{manifest.ImageId}{Extension(manifest.Format)}");

    private string ManifestFile(Id imageId) => Path.Combine(_images, $"{imageId}.json");

    private ImageManifest? Load(Id imageId) =>
        File.Exists(ManifestFile(imageId)) ? JsonSerializer.Deserialize<ImageManifest>(File.ReadAllBytes(ManifestFile(imageId)), Json) : null;

    private void Clear(Id imageId)
    {
        File.Delete(UploadFile(imageId));
        File.Delete($"{UploadFile(imageId)}.part");
        var workspace = Path.Combine(_temporary, imageId.ToString());
        if (Directory.Exists(workspace))
            Directory.Delete(workspace, recursive: true);
    }

    private StorageCapacity Capacity()
    {
        var drive = new DriveInfo(path);
        return new StorageCapacity(drive.TotalSize, drive.AvailableFreeSpace);
    }
}
