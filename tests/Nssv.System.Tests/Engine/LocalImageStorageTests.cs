using Nssv.Agent.Execution;
using Nssv.Agent.Images;
using Nssv.Kernel;
using Shouldly;
using Xunit;

namespace Nssv.System.Tests.Engine;

public sealed class LocalImageStorageTests : IDisposable
{
    private readonly string _root = Directory.CreateDirectory($"/var/lib/nssv-kit-{Guid.NewGuid().ToString("N")[..8]}").FullName;
    private readonly BlockingCalls _calls = new("images", 1);

    public void Dispose()
    {
        _calls.Dispose();
        Directory.Delete(_root, recursive: true);
    }

    [Fact]
    public async Task A_place_is_another_storage_s_only_once_this_one_has_left_it()
    {
        var platform = EngineHost.NewId();
        var (first, other) = (Storage(platform), Storage(platform));
        await first.Open(default);
        (await Code(() => other.Open(default))).ShouldBe("storage-belongs-to-another");

        await first.Leave(default);
        await first.Leave(default);
        (await Code(() => first.Measure(default))).ShouldBe("storage-unavailable");
        await other.Open(default);
        (await Code(() => first.Open(default))).ShouldBe("storage-belongs-to-another");
    }

    private LocalImageStorage Storage(Id platform) => new(platform, EngineHost.NewId(), _root, _calls);

    private static async Task<string> Code(Func<Task> call) => (await Should.ThrowAsync<ProblemException>(call)).Problem.Code;
}
