using Nssv.Cli.Platform;
using Nssv.Cli.Platform.Start;
using Nssv.Tests.Client;
using Nssv.Tests.Ownership;
using Shouldly;
using Xunit;

namespace Nssv.Tests.Cli;

public sealed class ManagerReadinessTests
{
    private const string Aside = """{"status":"not ready","checks":[{"name":"database","ok":true},{"name":"peers","ok":false,"detail":"It and other managers do not hear each other."}]}""";
    private const string Recovering = """{"status":"not ready","checks":[{"name":"recovery","ok":false,"detail":"Being taken up."},{"name":"peers","ok":true}]}""";

    private readonly SteppedTime _time = new();
    private string _health = Aside;

    [Fact]
    public async Task A_manager_that_goes_on_standing_aside_is_not_waited_for_and_it_is_said_what_is_the_matter()
    {
        await using var manager = await Manager();
        using var client = manager.Client();
        var readiness = new ManagerReadiness(client, _time);
        (await readiness.IsReady(default)).ShouldBeFalse();
        _time.Advance(TimeSpan.FromSeconds(9));
        (await readiness.IsReady(default)).ShouldBeFalse("two that hear each other again need a moment");
        _time.Advance(TimeSpan.FromSeconds(2));
        var told = await Should.ThrowAsync<PlatformException>(() => readiness.IsReady(default));
        told.Message.ShouldContain("stands aside");
        told.Advice!.ShouldContain("nssv manager list");
        told.LogLines.ShouldBe(["peers: It and other managers do not hear each other."]);
    }

    [Fact]
    public async Task One_that_hears_the_others_again_or_is_not_ready_for_another_reason_is_waited_for()
    {
        await using var manager = await Manager();
        using var client = manager.Client();
        var readiness = new ManagerReadiness(client, _time);
        (await readiness.IsReady(default)).ShouldBeFalse();
        _time.Advance(TimeSpan.FromSeconds(11));
        _health = Recovering;
        (await readiness.IsReady(default)).ShouldBeFalse();
        readiness.Reasons.ShouldBe(["recovery: Being taken up."]);
        _health = Aside;
        (await readiness.IsReady(default)).ShouldBeFalse("it began anew");
        _health = """{"status":"ready","checks":[]}""";
        (await readiness.IsReady(default)).ShouldBeTrue();
    }

    private Task<TestManager> Manager() => TestManager.Start(context => context.Json(_health, _health.Contains("not ready", StringComparison.Ordinal) ? 503 : 200));
}
