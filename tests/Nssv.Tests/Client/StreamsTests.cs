using System.Net.WebSockets;
using System.Text;
using Nssv.Cli.Commands.Vm;
using Nssv.Client.Problems;
using Shouldly;
using Xunit;

namespace Nssv.Tests.Client;

public sealed class StreamsTests
{
    [Fact]
    public async Task An_upload_is_streamed_with_its_length_and_told_as_it_goes()
    {
        long received = 0;
        await using var manager = await TestManager.Start(async context =>
        {
            var buffer = new byte[64 * 1024];
            int read;
            while ((read = await context.Request.Body.ReadAsync(buffer)) > 0)
            {
                received += read;
            }

            await context.Json("""{"id":"op-1","kind":"image.add","state":"running"}""", 202);
        });
        using var client = manager.Client();
        var content = new MemoryStream(new byte[3_000_000]);
        long told = 0;

        var operation = await client.UploadImage("image-1", content, sent => told = sent);

        operation.Id.ShouldBe("op-1");
        (received, told).ShouldBe((3_000_000, 3_000_000));
        var seen = manager.Seen.ShouldHaveSingleItem();
        (seen.Method, seen.Path, seen.Headers["Content-Length"], seen.Headers["Content-Type"]).ShouldBe(("PUT", "/api/v1/images/image-1/content", "3000000", "application/octet-stream"));
    }

    [Fact]
    public async Task A_refused_upload_is_a_problem_and_not_repeated()
    {
        await using var manager = await TestManager.Start(context => context.Problem(409, """{"title":"no","code":"image-not-waiting"}"""));
        using var client = manager.Client();

        (await Should.ThrowAsync<ApiProblemException>(client.UploadImage("image-1", new MemoryStream([1, 2])))).Problem.Code.ShouldBe("image-not-waiting");

        manager.Seen.Count.ShouldBe(1);
    }

    [Fact(Timeout = 30_000)]
    public async Task A_piped_console_sends_all_input_and_keeps_the_answer()
    {
        await using var manager = await TestManager.Start(async context =>
        {
            using var socket = await context.WebSockets.AcceptWebSocketAsync();
            var buffer = new byte[1024];
            var part = await socket.ReceiveAsync(buffer.AsMemory(), CancellationToken.None);
            await socket.SendAsync(Encoding.UTF8.GetBytes("got " + Encoding.UTF8.GetString(buffer, 0, part.Count)), WebSocketMessageType.Binary, true, CancellationToken.None);
            await socket.CloseAsync(WebSocketCloseStatus.NormalClosure, null, CancellationToken.None);
        });
        using var client = manager.Client();
        using var socket = await client.OpenConsole("vm-1");
        var output = new MemoryStream();

        await new PipedConsole(socket, new MemoryStream("uname\n"u8.ToArray()), output, TimeProvider.System).Run(silence: null, CancellationToken.None);

        Encoding.UTF8.GetString(output.ToArray()).ShouldBe("got uname\n");
        manager.Seen.First().Headers["Authorization"].ShouldBe("Bearer token-1");
    }

    [Fact(Timeout = 30_000)]
    public async Task A_piped_console_ends_when_the_guest_falls_silent()
    {
        await using var manager = await TestManager.Start(async context =>
        {
            using var socket = await context.WebSockets.AcceptWebSocketAsync();
            await socket.SendAsync("login:"u8.ToArray(), WebSocketMessageType.Binary, true, CancellationToken.None);
            var buffer = new byte[1024];
            await socket.ReceiveAsync(buffer.AsMemory(), context.RequestAborted);
        });
        using var client = manager.Client();
        using var socket = await client.OpenConsole("vm-1");
        var output = new MemoryStream();

        await new PipedConsole(socket, new MemoryStream(), output, TimeProvider.System).Run(TimeSpan.FromMilliseconds(300), CancellationToken.None);

        Encoding.UTF8.GetString(output.ToArray()).ShouldBe("login:");
    }

    [Fact]
    public async Task A_refused_console_says_why()
    {
        await using var manager = await TestManager.Start(context => context.Problem(409, """{"title":"The vm does not run","code":"vm-not-running","status":409}"""));
        using var client = manager.Client();

        (await Should.ThrowAsync<ApiProblemException>(client.OpenConsole("vm-1"))).Problem.Code.ShouldBe("vm-not-running");
    }

    [Fact]
    public async Task A_console_that_cannot_be_reached_says_why_and_is_not_asked_for_again_and_again()
    {
        await using var manager = await TestManager.Start(context => context.WebSockets.IsWebSocketRequest
            ? context.Problem(502, """{"title":"The console cannot be reached.","code":"console-unreachable","status":502,"advice":"See that the host is connected."}""")
            : context.Problem(426, """{"title":"The console is a WebSocket.","code":"websocket-needed","status":426}"""));
        using var client = manager.Client();

        var problem = (await Should.ThrowAsync<ApiProblemException>(client.OpenConsole("vm-1"))).Problem;

        (problem.Status, problem.Code, problem.Advice).ShouldBe((502, "console-unreachable", "See that the host is connected."));
        manager.Seen.Count.ShouldBe(2);
        manager.Seen.ShouldAllBe(request => request.Headers["Authorization"] == "Bearer token-1");
    }
}
