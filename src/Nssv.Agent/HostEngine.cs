using System.Collections.Concurrent;
using System.Runtime.InteropServices;
using Microsoft.Extensions.Logging;
using Nssv.Agent.Consoles;
using Nssv.Agent.Domains;
using Nssv.Agent.Execution;
using Nssv.Agent.Images;
using Nssv.Agent.Storage;
using Nssv.Contracts.Agent;
using Nssv.Contracts.Images;
using Nssv.Kernel;
using Nssv.Kernel.Agents;

namespace Nssv.Agent;

/// <summary>The real host: libvirt, directories, images, consoles.</summary>
public sealed class HostEngine : IHostEngine, IAsyncDisposable
{
    private const int LongestSocketPath = 107;
    private const UnixFileMode Passable = UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute | UnixFileMode.GroupExecute | UnixFileMode.OtherExecute;

    private readonly EngineOptions _options;
    private readonly ILogger<HostEngine> _logger;
    private readonly HostFacts _facts = HostFacts.Read();
    private readonly Lanes _lanes = new();
    private readonly StorageRegistry _storages;
    private readonly LibvirtLink _link;
    private readonly DomainWatch _watch;
    private readonly DomainCommands _domains;
    private readonly ImageImport _import;
    private readonly ImageCache _cache;
    private readonly SerialConsole _console;
    private readonly ConcurrentDictionary<Id, bool> _uploads = new();
    private readonly CancellationTokenSource _ending = new();
    private Task _watching = Task.CompletedTask;
    private (string Libvirt, string Hypervisor) _versions = ("", "");

    public HostEngine(EngineOptions options, ILogger<HostEngine> logger, TimeProvider time)
    {
        (_options, _logger) = (options, logger);
        _storages = new StorageRegistry(options, logger);
        _link = new LibvirtLink(options.LibvirtUri, logger, time);
        var reader = new DomainReader(options.PlatformId);
        _watch = new DomainWatch(_link, reader, logger);
        _domains = new DomainCommands(options, _link, reader, _watch, _storages, _lanes, logger, time);
        _import = new ImageImport(options);
        _cache = new ImageCache(_storages, options);
        _console = new SerialConsole(options.ConsoleSocket);
        _watch.Changed += status => DomainChanged?.Invoke(status);
        _watch.Resynced += OnResynced;
    }

    public event Action<DomainStatus>? DomainChanged;

    public event Action? DomainsResynced;

    public string BootId => _facts.BootId;

    public HostCapacity Capacity => new(_facts.CpuCount, _facts.MemoryBytes, _facts.CpuModel, _domains.VirtualizationType ?? "", Version, _versions.Libvirt, _versions.Hypervisor,
        RuntimeInformation.OSArchitecture is Architecture.Arm64 ? "aarch64" : "x86_64");

    public IReadOnlyList<StorageStatus> Storages => _storages.Statuses;

    private static string Version => typeof(HostEngine).Assembly.GetName().Version?.ToString(3) ?? "";

    public Task Start(CancellationToken cancel)
    {
        PrepareHome();
        _storages.Start();
        _link.Start();
        _watching = _watch.Run(_ending.Token);
        return Task.CompletedTask;
    }

    public async Task<object> Run(Command command, CommandScope scope, CancellationToken cancel) => command switch
    {
        DefineDomain c => await _domains.Define(c, cancel).ConfigureAwait(false),
        StartDomain c => await _domains.Start(c, cancel).ConfigureAwait(false),
        StopDomain c => await _domains.Stop(c, scope.StillWanted, cancel).ConfigureAwait(false),
        KillDomain c => await _domains.Kill(c, cancel).ConfigureAwait(false),
        RebootDomain c => await _domains.Reboot(c, cancel).ConfigureAwait(false),
        PauseDomain c => await _domains.Pause(c, cancel).ConfigureAwait(false),
        ResumeDomain c => await _domains.Resume(c, cancel).ConfigureAwait(false),
        RemoveDomain c => await _domains.Remove(c, cancel).ConfigureAwait(false),
        AttachDataStorage c => await _lanes.Run(c.DataStorageId, () => _storages.AttachData(c.DataStorageId, c.Kind, c.Path, cancel), cancel).ConfigureAwait(false),
        DetachDataStorage c => await _lanes.Run(c.DataStorageId, () => Finish(_storages.DetachData(c.DataStorageId, cancel)), cancel).ConfigureAwait(false),
        AttachImageStorage c => await _lanes.Run(c.ImageStorageId, () => _storages.AttachImages(c.ImageStorageId, c.Kind, c.Path, cancel), cancel).ConfigureAwait(false),
        DetachImageStorage c => await _lanes.Run(c.ImageStorageId, () => Finish(_storages.DetachImages(c.ImageStorageId, cancel)), cancel).ConfigureAwait(false),
        CreateLayer c => await _lanes.Run(c.LayerId, () => Create(c, cancel), cancel).ConfigureAwait(false),
        DeleteLayer c => await _lanes.Run(c.LayerId, () => Finish(_storages.Data(c.DataStorageId).Delete(c.LayerId, cancel)), cancel).ConfigureAwait(false),
        CacheImage c => await _lanes.Run(c.LayerId, () => _cache.Run(c, scope.Progress, cancel), cancel).ConfigureAwait(false),
        ImportImage c => await _lanes.Run(c.ImageId, () => _import.Run(_storages.Images(c.ImageStorageId), c, scope.Progress, cancel), cancel).ConfigureAwait(false),
        DeleteImage c => await _lanes.Run(c.ImageId, () => Finish(_storages.Images(c.ImageStorageId).Delete(c.ImageId, cancel)), cancel).ConfigureAwait(false),
        _ => throw new Problem(400, "unknown-command", "The agent does not know this command.", command.GetType().Name, "Upgrade the agent.").AsException(),
    };

    public Task<IReadOnlyList<DomainStatus>> ListDomains(CancellationToken cancel) => _watch.List(cancel);

    public async Task<IReadOnlyList<LayerStatus>> ListLayers(CancellationToken cancel)
    {
        var lists = await Task.WhenAll(_storages.DataStorages.Select(s => Layers(s.StorageId, s.Driver, cancel))).ConfigureAwait(false);
        return [.. lists.SelectMany(l => l)];
    }

    public async Task ReceiveUpload(Id? imageStorageId, Id imageId, Stream content, long? length, CancellationToken cancel)
    {
        var storage = ImageStorage(imageStorageId);
        if (!_uploads.TryAdd(imageId, true))
            throw ImageProblems.Busy(imageId).AsException();
        try
        {
            var file = storage.UploadFile(imageId);
            await Intake.Write(content, $"{file}.part", length, _options.MaximumImageBytes, null, cancel).ConfigureAwait(false);
            File.Move($"{file}.part", file, overwrite: true);
            Posix.SyncFolder(Path.GetDirectoryName(file)!);
        }
        finally
        {
            _uploads.TryRemove(imageId, out _);
        }
    }

    public async Task<StoredImage> OpenImage(Id? imageStorageId, Id imageId, CancellationToken cancel)
    {
        var image = await ImageStorage(imageStorageId).Read(imageId, cancel).ConfigureAwait(false);
        return new StoredImage(image.Content, image.Manifest.StoredLength, image.Manifest.StoredSha256, image.Manifest.Format is ImageFormat.Iso);
    }

    public Task<Stream> OpenConsole(Id virtualMachineId, CancellationToken cancel) => _console.Open(virtualMachineId, cancel);

    public async ValueTask DisposeAsync()
    {
        await _ending.CancelAsync().ConfigureAwait(false);
        await _watching.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        _link.Dispose();
        _storages.Dispose();
        _ending.Dispose();
    }

    private async Task<LayerInfo> Create(CreateLayer command, CancellationToken cancel)
    {
        var driver = _storages.Data(command.DataStorageId);
        return command.ParentLayerId is { } parent
            ? await driver.CreateChild(command.LayerId, command.SizeBytes, parent, command.ParentFormat ?? Contracts.Storage.VolumeFormat.Qcow2, cancel).ConfigureAwait(false)
            : await driver.Create(command.LayerId, command.Format, command.SizeBytes, cancel).ConfigureAwait(false);
    }

    private static async Task<Done> Finish(Task task)
    {
        await task.ConfigureAwait(false);
        return new Done();
    }

    private async Task<IReadOnlyList<LayerStatus>> Layers(Id storageId, IDataStorageDriver driver, CancellationToken cancel)
    {
        try
        {
            return [.. (await driver.List(cancel).ConfigureAwait(false)).Select(l => new LayerStatus(storageId, l.LayerId, l.AllocatedBytes))];
        }
        catch (ProblemException e)
        {
            _logger.StorageUnavailable(storageId, e.Problem.Detail ?? e.Problem.Title);
            return [];
        }
    }

    private IImageStorageDriver ImageStorage(Id? imageStorageId) => imageStorageId is { } id
        ? _storages.Images(id)
        : _storages.ImageStorages.ToList() is [var only]
            ? only.Value
            : throw new Problem(409, "storage-ambiguous", "The host does not know which image storage is meant.", "It has none or several.", "Name the image storage.", "imageStorageId").AsException();

    private void PrepareHome()
    {
        var longest = _options.ConsoleSocket(Id.None);
        if (System.Text.Encoding.UTF8.GetByteCount(longest) > LongestSocketPath)
            throw DomainProblems.SocketPath(longest).AsException();
        foreach (var folder in (string[])[_options.Home, _options.ConsoleFolder, _options.VncFolder, _options.NvramFolder])
        {
            Directory.CreateDirectory(folder, Passable);
            // QEMU passes through; what is secret in the home has modes of its own.
            File.SetUnixFileMode(folder, File.GetUnixFileMode(folder) | UnixFileMode.GroupExecute | UnixFileMode.OtherExecute);
        }

        // QEMU makes the VNC socket itself; the console's is made by libvirt.
        if (HypervisorUser.Find() is { } user)
            Posix.Own(_options.VncFolder, user.UserId, user.GroupId);
    }

    /// <summary>Runs on the watch's loop, so it only hands over.</summary>
    private void OnResynced()
    {
        DomainsResynced?.Invoke();
        _ = ReadVersions();
    }

    private async Task ReadVersions()
    {
        try
        {
            _versions = await _link.Call(c => (c.LibraryVersion.ToString(3), c.HypervisorVersion.ToString(3)), _ending.Token).ConfigureAwait(false);
            await _domains.Prepare(_ending.Token).ConfigureAwait(false);
        }
        catch (Exception e) when (e is ProblemException or Libvirt.LibvirtException or OperationCanceledException or ObjectDisposedException)
        {
            // Read again at the next connection.
        }
    }
}
