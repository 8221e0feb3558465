using System.Collections.Concurrent;
using System.Diagnostics;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using Microsoft.Extensions.Logging;
using Nssv.Contracts.Agent;
using Nssv.Contracts.Storage;
using Nssv.Kernel;
using Nssv.Kernel.Agents;

namespace Nssv.Agent.Storage;

/// <summary>
/// A data storage reached through its helper process. A call past its deadline means that the file system hangs: the worker is killed, every call in
/// it fails with "storage-unavailable", and the next call starts another one - but only once the old one is really gone, so a storage that hangs for
/// hours holds one process.
/// </summary>
internal sealed class StorageWorkerProcess(string kind, Id platformId, Id storageId, string path, IReadOnlyList<string> workerCommand, ILogger logger) : IDataStorageDriver, IDisposable
{
    public static readonly TimeSpan ShortCall = TimeSpan.FromSeconds(30), LongCall = TimeSpan.FromHours(2), ToolCall = TimeSpan.FromSeconds(90);

    private static readonly TimeSpan StartLimit = TimeSpan.FromSeconds(30);

    private readonly SemaphoreSlim _starting = new(1);
    private Worker? _worker;
    private bool _disposed;

    public DataStorageCapabilities Capabilities { get; } = StorageWorker.Driver(kind, platformId, storageId, path).Capabilities;

    /// <summary>Shortens every deadline, so that a test of a hung worker need not wait.</summary>
    internal TimeSpan? DeadlineOverride { get; init; }

    internal int? ProcessId => _worker?.Process.Id;

    public Task<StorageFacts> Open(CancellationToken cancel) => Call(new OpenCall(), WorkerJson.Default.StorageFacts, ToolCall, cancel);

    public Task<StorageCapacity> Measure(CancellationToken cancel) => Call(new MeasureCall(), WorkerJson.Default.StorageCapacity, ShortCall, cancel);

    public Task<LayerInfo> Create(Id layerId, VolumeFormat format, long sizeBytes, CancellationToken cancel) =>
        Call(new CreateCall(layerId, format, sizeBytes), WorkerJson.Default.LayerInfo, ToolCall, cancel);

    public Task<LayerInfo> CreateChild(Id layerId, long sizeBytes, Id parentLayerId, VolumeFormat parentFormat, CancellationToken cancel) =>
        Call(new CreateChildCall(layerId, sizeBytes, parentLayerId, parentFormat), WorkerJson.Default.LayerInfo, ToolCall, cancel);

    public async Task<LayerInfo?> Find(Id layerId, CancellationToken cancel) =>
        (await Call(new FindCall(layerId), WorkerJson.Default.FoundLayer, ShortCall, cancel).ConfigureAwait(false)).Layer;

    public Task<string> Inbox(Id layerId, CancellationToken cancel) => Call(new InboxCall(layerId), WorkerJson.Default.String, ShortCall, cancel);

    public Task<LayerInfo> Import(Id layerId, LayerSource source, CancellationToken cancel) =>
        Call(new ImportCall(layerId, source), WorkerJson.Default.LayerInfo, LongCall, cancel);

    public Task Delete(Id layerId, CancellationToken cancel) => Call(new DeleteCall(layerId), WorkerJson.Default.Done, ToolCall, cancel);

    public Task<IReadOnlyList<StoredLayer>> List(CancellationToken cancel) => Call(new ListCall(), WorkerJson.Default.IReadOnlyListStoredLayer, ShortCall, cancel);

    public Task<LayerAttachment> Prepare(Id layerId, LayerAccess access, CancellationToken cancel) =>
        Call(new PrepareCall(layerId, access), WorkerJson.Default.LayerAttachment, ShortCall, cancel);

    public Task Release(Id layerId, CancellationToken cancel) => Call(new ReleaseCall(layerId), WorkerJson.Default.Done, ShortCall, cancel);

    public Task AcquireLease(VolumeLease lease, CancellationToken cancel) => Call(new AcquireLeaseCall(lease), WorkerJson.Default.Done, ShortCall, cancel);

    public Task ReleaseLease(VolumeLease lease, CancellationToken cancel) => Call(new ReleaseLeaseCall(lease), WorkerJson.Default.Done, ShortCall, cancel);

    public Task Leave(CancellationToken cancel) => Call(new LeaveCall(), WorkerJson.Default.Done, ShortCall, cancel);

    public void Dispose()
    {
        _disposed = true;
        _worker?.End("the storage was detached");
    }

    private async Task<T> Call<T>(WorkerCall call, JsonTypeInfo<T> type, TimeSpan deadline, CancellationToken cancel)
    {
        var worker = await Running(call, cancel).ConfigureAwait(false);
        var answer = worker.Send(call);
        WorkerReply reply;
        try
        {
            reply = await answer.WaitAsync(DeadlineOverride ?? deadline, cancel).ConfigureAwait(false);
        }
        catch (TimeoutException)
        {
            logger.WorkerHangs(storageId, call.GetType().Name);
            worker.End("it did not answer in time and was killed");
            throw StorageProblems.Unavailable(path, $"{call.GetType().Name[..^4]} got no answer in time; the storage hangs").AsException();
        }

        return reply.Problem is { } problem ? throw problem.AsException() : reply.Result!.Value.Deserialize(type)!;
    }

    private async Task<Worker> Running(WorkerCall call, CancellationToken cancel)
    {
        await _starting.WaitAsync(cancel).ConfigureAwait(false);
        try
        {
            ObjectDisposedException.ThrowIf(_disposed, this);
            if (_worker is { Ended: false } current)
                return current;
            if (_worker is { } old && !old.Process.WaitForExit(TimeSpan.FromSeconds(1)))
                throw StorageProblems.Unavailable(path, "its helper process hangs in the kernel and cannot be ended").AsException();
            var fresh = new Worker(Launch());
            await fresh.Greeting.WaitAsync(StartLimit, cancel).ConfigureAwait(false);
            _worker = fresh;
            if (call is not OpenCall)
                await fresh.Send(new OpenCall()).WaitAsync(DeadlineOverride ?? ToolCall, cancel).ConfigureAwait(false);
            return fresh;
        }
        catch (TimeoutException)
        {
            _worker?.End("it hung at its start");
            throw StorageProblems.Unavailable(path, "its helper process got no answer at its start").AsException();
        }
        finally
        {
            _starting.Release();
        }
    }

    private Process Launch()
    {
        var start = new ProcessStartInfo(workerCommand[0], [.. workerCommand.Skip(1), StorageWorker.Verb, kind, platformId.ToString(), storageId.ToString(), path])
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            WorkingDirectory = "/",
        };
        // A worker keeps no state: a small heap and no tiering keep it below what a host would notice.
        start.Environment["DOTNET_gcServer"] = "0";
        start.Environment["DOTNET_GCHeapHardLimit"] = "0x4000000";
        start.Environment["DOTNET_TieredPGO"] = "0";
        return Process.Start(start) ?? throw new InvalidOperationException("The storage worker could not be started.");
    }

    private sealed class Worker
    {
        private readonly ConcurrentDictionary<long, TaskCompletionSource<WorkerReply>> _waiting = new();
        private readonly TaskCompletionSource<WorkerReply> _greeting = new(TaskCreationOptions.RunContinuationsAsynchronously);
        private readonly Lock _writing = new();
        private long _number;

        public Worker(Process process)
        {
            Process = process;
            _waiting[0] = _greeting;
            _ = Listen();
        }

        public Process Process { get; }
        public bool Ended { get; private set; }
        public Task Greeting => _greeting.Task;

        public Task<WorkerReply> Send(WorkerCall call)
        {
            var answer = new TaskCompletionSource<WorkerReply>(TaskCreationOptions.RunContinuationsAsynchronously);
            lock (_writing)
            {
                var number = ++_number;
                _waiting[number] = answer;
                try
                {
                    Process.StandardInput.WriteLine(JsonSerializer.Serialize(new WorkerRequest(number, call), WorkerJson.Default.WorkerRequest));
                    Process.StandardInput.Flush();
                }
                catch (IOException)
                {
                    End("it ended by itself");
                }
            }

            if (Ended)
                Fail("it ended by itself");
            return answer.Task;
        }

        public void End(string why)
        {
            Ended = true;
            try
            {
                Process.Kill(entireProcessTree: true);
            }
            catch (InvalidOperationException)
            {
                // It has ended meanwhile.
            }

            Fail(why);
        }

        private async Task Listen()
        {
            try
            {
                while (await Process.StandardOutput.ReadLineAsync(CancellationToken.None).ConfigureAwait(false) is { } line)
                {
                    var reply = JsonSerializer.Deserialize(line, WorkerJson.Default.WorkerReply)!;
                    if (_waiting.TryRemove(reply.Number, out var answer))
                        answer.TrySetResult(reply);
                }
            }
            catch (Exception e) when (e is IOException or JsonException or ObjectDisposedException)
            {
                // Ended below, like a worker that died.
            }

            End("it ended by itself");
        }

        private void Fail(string why)
        {
            foreach (var number in _waiting.Keys)
            {
                if (_waiting.TryRemove(number, out var answer))
                    answer.TrySetResult(new WorkerReply(number, null, StorageProblems.Unavailable("The storage's helper process", why)));
            }
        }
    }
}
