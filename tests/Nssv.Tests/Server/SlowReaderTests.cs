using System.Net.Http.Headers;
using System.Net.Security;
using System.Net.Sockets;
using System.Text;
using Microsoft.Extensions.DependencyInjection;
using Nssv.Contracts.Inventory;
using Nssv.Kernel;
using Nssv.Kernel.Data;
using Nssv.Tests.Data;
using Shouldly;
using Xunit;

namespace Nssv.Tests.Server;

/// <summary>A manager whose patience with slow readers is 2 s instead of 20.</summary>
public sealed class HastyServer() : RunningServer(haste: 10);

public sealed class SlowReaderTests(HastyServer server) : IClassFixture<HastyServer>
{
    private const int Events = 300, Bytes = 100_000;

    [Fact]
    public async Task A_reader_that_takes_nothing_is_cut_off_and_holds_nobody_up()
    {
        using var slow = new TcpClient { ReceiveBufferSize = 4_096 };
        await using var stream = await Listen(slow);
        using var client = server.SignedIn();
        using var request = new HttpRequestMessage(HttpMethod.Get, "/api/v1/events") { Headers = { Accept = { new MediaTypeWithQualityHeaderValue("text/event-stream") } } };
        using var answer = await client.SendAsync(request, HttpCompletionOption.ResponseHeadersRead);
        using var quick = new StreamReader(await answer.Content.ReadAsStreamAsync());
        var hearing = Hear(quick);

        // Far more than the buffers between here and there take.
        var described = new string('x', Bytes);
        var (writer, now) = (server.Services.GetRequiredService<IWriter>(), Clock.Now(server.Time));
        for (var i = 0; i < Events; i++)
        {
            await writer.Commit(new UnitOfWork().Insert(new DataCenter
            {
                Id = new Id(Guid.CreateVersion7()),
                ProjectId = server.PlatformId,
                CreatedBy = server.PlatformId,
                CreatedAt = now,
                UpdatedAt = now,
                Version = 1,
                Name = "large",
                Description = described,
            }));
        }

        await hearing;
        await Poll.Until("the slow reader to be cut off", () => Task.FromResult(slow.Client.Poll(0, SelectMode.SelectError)));
    }

    /// <summary>Reads while they are written: who only begins afterwards would be slow itself.</summary>
    private static async Task Hear(StreamReader quick)
    {
        for (var heard = 0; heard < Events;)
        {
            var line = await quick.ReadLineAsync().WaitAsync(TimeSpan.FromSeconds(60));
            if (line.ShouldNotBeNull("the quick reader was cut off too").StartsWith("event: data-center.created", StringComparison.Ordinal))
                heard++;
        }
    }

    /// <summary>Asks for the stream over a connection of its own, sees it begin, and reads no more.</summary>
    private async Task<SslStream> Listen(TcpClient connection)
    {
        await connection.ConnectAsync("localhost", server.Settings.HttpsPort);
        var tls = new SslStream(connection.GetStream());
        await tls.AuthenticateAsClientAsync(new SslClientAuthenticationOptions { TargetHost = "localhost", RemoteCertificateValidationCallback = (_, certificate, _, _) => certificate is not null });
        await tls.WriteAsync(Encoding.ASCII.GetBytes($"GET /api/v1/events HTTP/1.1\r\nHost: localhost\r\nAccept: text/event-stream\r\nAuthorization: Bearer {server.Token}\r\n\r\n"));
        var begin = new byte[64];
        await tls.ReadAtLeastAsync(begin, 16);
        Encoding.ASCII.GetString(begin).ShouldStartWith("HTTP/1.1 200 OK");
        return tls;
    }
}
