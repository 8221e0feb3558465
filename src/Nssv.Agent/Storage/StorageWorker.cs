using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using Nssv.Kernel;
using Nssv.Kernel.Agents;

namespace Nssv.Agent.Storage;

/// <summary>
/// The helper process of one data storage: <c>nssv-agent storage-worker KIND PLATFORM STORAGE PATH</c>. Calls come as lines on standard input, run
/// beside each other, and their answers go to standard output in the order they end. Ends with its standard input, so it never outlives the agent.
/// </summary>
public static class StorageWorker
{
    public const string Verb = "storage-worker";

    public static async Task<int> Serve(IReadOnlyList<string> arguments)
    {
        if (arguments is not [var kind, var platform, var storage, var path])
            return 2;
        var driver = Driver(kind, Id.Parse(platform), Id.Parse(storage), path);
        using var input = new StreamReader(Console.OpenStandardInput());
        await using var output = new StreamWriter(Console.OpenStandardOutput()) { AutoFlush = true };
        using var oneAtATime = new SemaphoreSlim(1);
        using var ending = new CancellationTokenSource();
        await output.WriteLineAsync(JsonSerializer.Serialize(new WorkerReply(0, null, null), WorkerJson.Default.WorkerReply)).ConfigureAwait(false);
        while (await input.ReadLineAsync(CancellationToken.None).ConfigureAwait(false) is { } line)
        {
            var request = JsonSerializer.Deserialize(line, WorkerJson.Default.WorkerRequest)!;
            _ = Task.Run(async () =>
            {
                var reply = await Answer(driver, request, ending.Token).ConfigureAwait(false);
                await oneAtATime.WaitAsync(CancellationToken.None).ConfigureAwait(false);
                try
                {
                    await output.WriteLineAsync(JsonSerializer.Serialize(reply, WorkerJson.Default.WorkerReply)).ConfigureAwait(false);
                }
                catch (IOException)
                {
                    // The agent is gone; so is this process in a moment.
                }
                finally
                {
                    oneAtATime.Release();
                }
            }, CancellationToken.None);
        }

        await ending.CancelAsync().ConfigureAwait(false);
        return 0;
    }

    /// <summary>The drivers by kind; a new one is one line here.</summary>
    internal static IDataStorageDriver Driver(string kind, Id platformId, Id storageId, string path) => kind switch
    {
        "local" => new LocalStorage(platformId, storageId, path),
        _ => throw StorageProblems.UnknownKind(kind).AsException(),
    };

    private static async Task<WorkerReply> Answer(IDataStorageDriver driver, WorkerRequest request, CancellationToken cancel)
    {
        try
        {
            return request.Call switch
            {
                OpenCall => Reply(await driver.Open(cancel).ConfigureAwait(false), WorkerJson.Default.StorageFacts),
                MeasureCall => Reply(await driver.Measure(cancel).ConfigureAwait(false), WorkerJson.Default.StorageCapacity),
                CreateCall c => Reply(await driver.Create(c.LayerId, c.Format, c.SizeBytes, cancel).ConfigureAwait(false), WorkerJson.Default.LayerInfo),
                CreateChildCall c => Reply(await driver.CreateChild(c.LayerId, c.SizeBytes, c.ParentLayerId, c.ParentFormat, cancel).ConfigureAwait(false), WorkerJson.Default.LayerInfo),
                FindCall c => Reply(new FoundLayer(await driver.Find(c.LayerId, cancel).ConfigureAwait(false)), WorkerJson.Default.FoundLayer),
                InboxCall c => Reply(await driver.Inbox(c.LayerId, cancel).ConfigureAwait(false), WorkerJson.Default.String),
                ImportCall c => Reply(await driver.Import(c.LayerId, c.Source, cancel).ConfigureAwait(false), WorkerJson.Default.LayerInfo),
                DeleteCall c => await Finish(driver.Delete(c.LayerId, cancel)).ConfigureAwait(false),
                ListCall => Reply(await driver.List(cancel).ConfigureAwait(false), WorkerJson.Default.IReadOnlyListStoredLayer),
                PrepareCall c => Reply(await driver.Prepare(c.LayerId, c.Access, cancel).ConfigureAwait(false), WorkerJson.Default.LayerAttachment),
                ReleaseCall c => await Finish(driver.Release(c.LayerId, cancel)).ConfigureAwait(false),
                AcquireLeaseCall c => await Finish(driver.AcquireLease(c.Lease, cancel)).ConfigureAwait(false),
                ReleaseLeaseCall c => await Finish(driver.ReleaseLease(c.Lease, cancel)).ConfigureAwait(false),
                LeaveCall => await Finish(driver.Leave(cancel)).ConfigureAwait(false),
                _ => throw new NotSupportedException(request.Call.GetType().Name),
            };
        }
        catch (ProblemException e)
        {
            return new WorkerReply(request.Number, null, e.Problem);
        }
        catch (TimeoutException e)
        {
            return new WorkerReply(request.Number, null, StorageProblems.Unavailable("A tool", e.Message));
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return new WorkerReply(request.Number, null, StorageProblems.Tool(request.Call.GetType().Name[..^4], e.Message));
        }
        catch (Exception e)
        {
            return new WorkerReply(request.Number, null, Problems.Internal(e.ToString()));
        }

        WorkerReply Reply<T>(T result, JsonTypeInfo<T> type) => new(request.Number, JsonSerializer.SerializeToElement(result, type), null);

        async Task<WorkerReply> Finish(Task task)
        {
            await task.ConfigureAwait(false);
            return Reply(new Done(), WorkerJson.Default.Done);
        }
    }
}
