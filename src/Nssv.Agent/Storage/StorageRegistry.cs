using System.Collections.Concurrent;
using System.Text.Json;
using Microsoft.Extensions.Logging;
using Nssv.Agent.Execution;
using Nssv.Agent.Images;
using Nssv.Contracts.Agent;
using Nssv.Kernel;

namespace Nssv.Agent.Storage;

/// <summary>The storages of this host, kept in storages.json, and what was last seen of each.</summary>
internal sealed class StorageRegistry(EngineOptions options, ILogger logger) : IDisposable
{
    private static readonly TimeSpan MeasureEvery = TimeSpan.FromSeconds(10), MeasureLimit = TimeSpan.FromSeconds(10);

    private readonly Lock _gate = new();
    private readonly BlockingCalls _imageCalls = new("image storage", 4);
    private readonly ConcurrentDictionary<Id, StorageWorkerProcess> _data = new();
    private readonly ConcurrentDictionary<Id, IImageStorageDriver> _images = new();
    private readonly ConcurrentDictionary<Id, StorageStatus> _seen = new();
    private readonly CancellationTokenSource _ending = new();

    /// <summary>What was seen since the start. A storage that was not looked at yet is left out: to call it unavailable would be a guess, and keep machines away from it.</summary>
    public IReadOnlyList<StorageStatus> Statuses => [.. _seen.Values.OrderBy(s => s.StorageId)];

    public IEnumerable<(Id StorageId, IDataStorageDriver Driver)> DataStorages => _data.Select(d => (d.Key, (IDataStorageDriver)d.Value));

    public IEnumerable<KeyValuePair<Id, IImageStorageDriver>> ImageStorages => _images;

    public void Start()
    {
        foreach (var storage in Load())
        {
            if (storage.Purpose is StoragePurpose.Data)
                _data[storage.StorageId] = Worker(storage);
            else
                _images[storage.StorageId] = ImageDriver(storage);
        }

        _ = Watch();
    }

    public IDataStorageDriver Data(Id storageId) => _data.TryGetValue(storageId, out var driver) ? driver : throw StorageProblems.Unknown(storageId).AsException();

    public IImageStorageDriver Images(Id storageId) => _images.TryGetValue(storageId, out var driver) ? driver : throw StorageProblems.Unknown(storageId).AsException();

    public async Task<StorageCapacity> AttachData(Id storageId, string kind, string path, CancellationToken cancel)
    {
        var storage = New(storageId, StoragePurpose.Data, kind, path);
        var driver = _data.TryGetValue(storageId, out var known) ? known : Worker(storage);
        try
        {
            var facts = await driver.Open(cancel).ConfigureAwait(false);
            _data[storageId] = driver;
            Remember(storage);
            Seen(storageId, facts.Capacity);
            return facts.Capacity;
        }
        catch when (known is null)
        {
            driver.Dispose();
            throw;
        }
    }

    public async Task<StorageCapacity> AttachImages(Id storageId, string kind, string path, CancellationToken cancel)
    {
        var storage = New(storageId, StoragePurpose.Images, kind, path);
        var driver = _images.TryGetValue(storageId, out var known) ? known : ImageDriver(storage);
        var capacity = await driver.Open(cancel).ConfigureAwait(false);
        _images[storageId] = driver;
        Remember(storage);
        Seen(storageId, capacity);
        return capacity;
    }

    public async Task DetachData(Id storageId, CancellationToken cancel)
    {
        if (!_data.TryGetValue(storageId, out var driver))
            return;
        if (await driver.List(cancel).ConfigureAwait(false) is { Count: > 0 } layers)
            throw new Problem(409, "storage-in-use", "The storage still holds layers.", $"{layers.Count} layers are in storage {storageId}.", "Delete or move the disks first.").AsException();
        await driver.Leave(cancel).ConfigureAwait(false);
        Forget(storageId);
        _data.TryRemove(storageId, out _);
        driver.Dispose();
    }

    public async Task DetachImages(Id storageId, CancellationToken cancel)
    {
        if (!_images.TryGetValue(storageId, out var driver))
            return;
        if (await driver.List(cancel).ConfigureAwait(false) is { Count: > 0 } images)
            throw new Problem(409, "storage-in-use", "The storage still holds images.", $"{images.Count} images are in storage {storageId}.", "Delete the images first.").AsException();
        await driver.Leave(cancel).ConfigureAwait(false);
        Forget(storageId);
        _images.TryRemove(storageId, out _);
    }

    public void Dispose()
    {
        _ending.Cancel();
        foreach (var driver in _data.Values)
            driver.Dispose();
        _imageCalls.Dispose();
        _ending.Dispose();
    }

    private StorageWorkerProcess Worker(KnownStorage storage) =>
        new(storage.Kind, options.PlatformId, storage.StorageId, storage.Path, options.WorkerCommand ?? Self(), logger);

    private LocalImageStorage ImageDriver(KnownStorage storage) => new(options.PlatformId, storage.StorageId, storage.Path, _imageCalls);

    /// <summary>The agent's own program, whoever started it and however: "dotnet nssv-agent.dll", or the executable made for it.</summary>
    private static string[] Self()
    {
        var assembly = typeof(StorageRegistry).Assembly.Location;
        var process = Environment.ProcessPath!;
        return Path.GetFileNameWithoutExtension(process) == Path.GetFileNameWithoutExtension(assembly) || assembly.Length == 0 ? [process]
            : Path.GetFileName(process) == "dotnet" ? [process, assembly]
            : ["dotnet", assembly];
    }

    private KnownStorage New(Id storageId, StoragePurpose purpose, string kind, string path)
    {
        if (kind != "local")
            throw StorageProblems.UnknownKind(kind).AsException();
        StoragePath.Check(path);
        var mine = new KnownStorage(storageId, purpose, kind, Path.TrimEndingDirectorySeparator(path));
        lock (_gate)
        {
            if (Load().FirstOrDefault(s => s.StorageId == storageId) is { } known && known != mine)
                throw new Problem(409, "storage-attached-otherwise", "The storage is attached with another path.", $"Storage {storageId} is at {known.Path}.", "Detach it first.", "path").AsException();
        }

        return mine;
    }

    private async Task Watch()
    {
        using var timer = new PeriodicTimer(MeasureEvery);
        try
        {
            do
            {
                // Beside each other and with a limit of their own: one that hangs hides no other.
                await Task.WhenAll([.. _data.Select(d => Look(d.Key, d.Value.Measure)), .. _images.Select(i => Look(i.Key, i.Value.Measure))]).ConfigureAwait(false);
            }
            while (await timer.WaitForNextTickAsync(_ending.Token).ConfigureAwait(false));
        }
        catch (OperationCanceledException)
        {
            // The agent ends.
        }
    }

    private async Task Look(Id storageId, Func<CancellationToken, Task<StorageCapacity>> measure)
    {
        try
        {
            Seen(storageId, await measure(_ending.Token).WaitAsync(MeasureLimit, _ending.Token).ConfigureAwait(false));
        }
        catch (Exception e) when (!_ending.IsCancellationRequested)
        {
            var reason = e is ProblemException p ? p.Problem.Detail ?? p.Problem.Title : e is TimeoutException ? "it does not answer" : e.Message;
            if (!_seen.TryGetValue(storageId, out var before) || before.Reason != reason)
                logger.StorageUnavailable(storageId, reason);
            _seen[storageId] = new StorageStatus(storageId, false, before?.CapacityBytes ?? 0, 0, reason);
        }
    }

    private void Seen(Id storageId, StorageCapacity capacity) =>
        _seen[storageId] = new StorageStatus(storageId, true, capacity.CapacityBytes, capacity.AvailableBytes, null);

    private void Remember(KnownStorage storage)
    {
        lock (_gate)
            Save([.. Load().Where(s => s.StorageId != storage.StorageId), storage]);
    }

    private void Forget(Id storageId)
    {
        lock (_gate)
            Save([.. Load().Where(s => s.StorageId != storageId)]);
        _seen.TryRemove(storageId, out _);
    }

    private IReadOnlyList<KnownStorage> Load() => File.Exists(options.StoragesFile)
        ? JsonSerializer.Deserialize<IReadOnlyList<KnownStorage>>(File.ReadAllBytes(options.StoragesFile), JsonSerializerOptions.Web) ?? []
        : [];

    private void Save(IReadOnlyList<KnownStorage> storages) => AtomicFile.Write(options.StoragesFile, JsonSerializer.SerializeToUtf8Bytes(storages, JsonSerializerOptions.Web));

    private sealed record KnownStorage(Id StorageId, StoragePurpose Purpose, string Kind, string Path);

    private enum StoragePurpose { Data, Images }
}
