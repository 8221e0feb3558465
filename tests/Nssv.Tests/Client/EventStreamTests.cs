using System.Text;
using Nssv.Client;
using Nssv.Client.Events;
using Nssv.Client.Problems;
using Shouldly;
using Xunit;

namespace Nssv.Tests.Client;

public sealed class EventStreamTests
{
    [Fact]
    public async Task Fields_lines_and_comments_are_read_as_the_standard_has_them()
    {
        var events = await Read("""
            : keep-alive

            id: 7
            event: virtual-machine.updated
            data: {"sequence":7,
            data: "resourceId":"vm-1","operationId":"op-1"}

            data: not json

            data: {"sequence":8}

            event: cut.off
            data: {"sequence":9}
            """);

        events.Select(e => (e.Id, e.Type, e.ResourceId, e.OperationId)).ShouldBe([("7", "virtual-machine.updated", "vm-1", "op-1"), ("8", "message", null, null)]);
    }

    [Theory]
    [InlineData("\n")]
    [InlineData("\r\n")]
    public async Task Either_line_end_will_do(string end)
    {
        var events = await Read($"id: 1{end}event: a.b{end}data: {{\"x\":1}}{end}{end}", raw: true);

        events.ShouldHaveSingleItem().Document["x"].AsInt64().ShouldBe(1);
    }

    [Fact(Timeout = 30_000)]
    public async Task A_broken_stream_is_resumed_after_the_last_event_seen()
    {
        var opened = 0;
        await using var manager = await TestManager.Start(async context =>
        {
            if (Interlocked.Increment(ref opened) == 1)
            {
                await context.Event("id: 41\nevent: a\ndata: {}\n\nid: 42\nevent: b\ndata: {}\n\nid: 43\nevent: cut");
            }
            else
            {
                await context.Event("id: 43\nevent: c\ndata: {}\n\n");
                await context.Event("id: 44\nevent: d\ndata: {}\n\n");
            }
        });
        using var client = manager.Client();

        var types = new List<string>();
        await foreach (var item in client.FollowEvents(lastEventId: null))
        {
            types.Add(item.Type);
            if (types.Count == 3)
            {
                break;
            }
        }

        types.ShouldBe(["a", "b", "c"]);
        manager.Seen.First().Headers.ShouldNotContainKey("Last-Event-ID");
        manager.Seen.Last().Headers["Last-Event-ID"].ShouldBe("42");
        manager.Seen.First().Headers["Accept"].ShouldBe("text/event-stream");
    }

    [Fact]
    public async Task A_refused_stream_is_a_problem()
    {
        await using var manager = await TestManager.Start(context => context.Problem(403, """{"title":"no","code":"forbidden"}"""));
        using var client = manager.Client();

        (await Should.ThrowAsync<ApiProblemException>(client.OpenEvents(null))).Problem.Code.ShouldBe("forbidden");
    }

    private static async Task<List<PlatformEvent>> Read(string text, bool raw = false)
    {
        var bytes = new MemoryStream(Encoding.UTF8.GetBytes(raw ? text : text.ReplaceLineEndings("\n")));
        using var stream = new EventStream(bytes, bytes);
        var events = new List<PlatformEvent>();
        await foreach (var item in stream.Read())
        {
            events.Add(item);
        }

        return events;
    }
}
