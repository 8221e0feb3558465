using Shouldly;
using Xunit;

namespace Nssv.Tests.Cli;

public sealed class ScheduleCommandTests : IDisposable
{
    private readonly SentRequests _sent = new();

    [Fact]
    public async Task Creating_sends_what_was_given() => (await _sent.Of("schedule", "create", "nightly", "--action", "recycle-bin.sweep", "--cron", "30 2 * * mon-fri", "--time-zone", "Europe/Zurich",
        "--missed-run", "runOnce", "--parameter", "a=b=c")).ShouldBe(
        """POST /api/v1/schedules {"name":"nightly","action":"recycle-bin.sweep","cron":"30 2 * * mon-fri","timeZone":"Europe/Zurich","missedRun":"runOnce","parameters":{"a":"b=c"}}""");

    [Fact]
    public async Task Enabling_disabling_running_and_deleting_are_one_request_each()
    {
        (await _sent.Of("schedule", "enable", "it")).ShouldBe("""PATCH /api/v1/schedules/the-id {"enabled":true}""");
        (await _sent.Of("schedule", "disable", "it")).ShouldBe("""PATCH /api/v1/schedules/the-id {"enabled":false}""");
        (await _sent.Of("schedule", "run", "it", "--wait")).ShouldBe("POST /api/v1/schedules/the-id:run {}");
        (await _sent.Of("schedule", "set", "it", "--cron", "0 3 * * *")).ShouldBe("""PATCH /api/v1/schedules/the-id {"cron":"0 3 * * *"}""");
        (await _sent.Of("schedule", "delete", "it")).ShouldBe("DELETE /api/v1/schedules/the-id");
    }

    [Theory]
    [InlineData("schedule", "create", "nightly", "--action", "a.b")]
    [InlineData("schedule", "create", "nightly", "--cron", "* * * * *")]
    [InlineData("schedule", "create", "nightly", "--action", "a.b", "--cron", "* * * * *", "--missed-run", "perhaps")]
    [InlineData("schedule", "set", "nightly")]
    public async Task What_cannot_be_meant_is_refused_before_anything_is_sent(params string[] arguments) => (await CliRun.Of(arguments)).ExitCode.ShouldBe(2);

    public void Dispose() => _sent.Dispose();
}
