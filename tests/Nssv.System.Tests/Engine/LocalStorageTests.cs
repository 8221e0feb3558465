using Microsoft.Extensions.Logging.Abstractions;
using Nssv.Agent.Storage;
using Shouldly;
using Xunit;

namespace Nssv.System.Tests.Engine;

/// <summary>Kind local, through its helper process as the agent uses it.</summary>
public sealed class LocalStorageTests : DataStorageTestKit
{
    private readonly string _root = Directory.CreateDirectory($"/var/lib/nssv-kit-{Guid.NewGuid().ToString("N")[..8]}").FullName;
    private StorageWorkerProcess _worker = null!;

    [Fact]
    public async Task A_worker_that_hangs_is_killed_and_replaced()
    {
        await _worker.Measure(default);
        var hung = _worker.ProcessId!.Value;
        EngineHost.Shell("kill", "-STOP", $"{hung}");
        (await Code(() => _worker.Measure(default))).ShouldBe("storage-unavailable");
        (await _worker.Measure(default)).AvailableBytes.ShouldBeGreaterThan(0);
        _worker.ProcessId.ShouldNotBe(hung);
    }

    [Fact]
    public async Task A_worker_that_dies_fails_its_calls_and_the_next_one_works()
    {
        await _worker.Measure(default);
        EngineHost.Shell("kill", "-KILL", $"{_worker.ProcessId}");
        await EngineHost.Until(async () =>
        {
            try
            {
                return (await _worker.List(default)).Count == 0;
            }
            catch (Nssv.Kernel.ProblemException e) when (e.Problem.Code == "storage-unavailable")
            {
                return false;
            }
        }, "a new worker answers", TimeSpan.FromSeconds(30));
    }

    [Fact]
    public async Task A_directory_of_another_storage_is_refused()
    {
        using var other = new StorageWorkerProcess("local", EngineHost.NewId(), EngineHost.NewId(), _root, Command, NullLogger.Instance);
        (await Code(() => other.Open(default))).ShouldBe("storage-belongs-to-another");

        await _worker.Leave(default);
        await _worker.Leave(default);
        await other.Open(default);
        (await Code(() => _worker.Open(default))).ShouldBe("storage-belongs-to-another");
    }

    private static string[] Command => ["dotnet", typeof(StorageWorker).Assembly.Location];

    protected override async Task<IDataStorageDriver> Open()
    {
        _worker = new StorageWorkerProcess("local", EngineHost.NewId(), EngineHost.NewId(), _root, Command, NullLogger.Instance) { DeadlineOverride = TimeSpan.FromSeconds(15) };
        await _worker.Open(default);
        return _worker;
    }

    protected override ValueTask Close()
    {
        _worker.Dispose();
        Directory.Delete(_root, recursive: true);
        return ValueTask.CompletedTask;
    }

    protected override string Outside(byte[] bytes)
    {
        var file = Path.Combine(_root, "outside");
        File.WriteAllBytes(file, bytes);
        return file;
    }
}
