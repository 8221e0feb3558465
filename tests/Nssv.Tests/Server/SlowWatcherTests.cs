using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using System.Text;
using Microsoft.Extensions.DependencyInjection;
using Nssv.Contracts.Inventory;
using Nssv.Kernel;
using Nssv.Kernel.Data;
using Nssv.Server.Admission;
using Nssv.Server.Composition;
using Nssv.Tests.Data;
using Shouldly;
using Xunit;
using static Nssv.Tests.Server.RunningServer;

namespace Nssv.Tests.Server;

/// <summary>A manager whose patience with slow readers is 2 s instead of 20, and where few may watch.</summary>
public sealed class FewSeatsServer() : RunningServer(haste: 10)
{
    public const int Seats = 24;

    protected override ServerSettings Configure(ServerSettings settings) => settings with { Limits = new() { Watchers = Seats, LeastShare = 1 } };
}

/// <summary>Watchers that read slowly, not at all, or are gone: they cost nothing and hold nobody up.</summary>
public sealed class SlowWatcherTests(FewSeatsServer server) : IClassFixture<FewSeatsServer>
{
    /// <summary>More than buffers on the way, and what is kept of changes, together take.</summary>
    private const int Rows = 300, Bytes = 100_000, Stopped = 8;

    private WatcherSeats Seats => server.Services.GetRequiredService<WatcherSeats>();

    [Fact]
    public async Task One_who_reads_nothing_is_cut_off_and_holds_nobody_up_and_one_who_reads_too_late_is_told()
    {
        await using var quick = new WatchClient(server, "/api/v1/data-centers:watch?initial=false&fields=name");
        await quick.Until("ready");
        var stopped = new List<(TcpClient Connection, SslStream Stream)>();
        for (var i = 0; i < Stopped; i++)
        {
            var connection = new TcpClient { ReceiveBufferSize = 4_096 };
            stopped.Add((connection, await Listen(connection, "/api/v1/data-centers:watch?initial=false")));
        }
        using var late = new TcpClient { ReceiveBufferSize = 4_096 };
        await using var lateStream = await Listen(late, "/api/v1/data-centers:watch?initial=false");
        var dropped = await Metric("nssv_watchers_dropped_total");
        (await Metric("nssv_watchers")).ShouldBe(2 + Stopped);

        var before = GC.GetTotalMemory(forceFullCollection: true);
        await Fill();
        await quick.Until(() => quick.Held.Count == Rows);
        quick.Heard.ShouldNotContain("dropped");
        (GC.GetTotalMemory(forceFullCollection: true) - before).ShouldBeLessThan(180L << 20, "what was not read is not kept for each");

        // It had not read for so long that what it missed is not kept any more: it is told so, and may come back.
        var text = await ReadToEnd(lateStream);
        // (Where all that it missed was one batch, it was in the middle of that, and gets the rest.)
        var wasTold = text.Contains("event: dropped", StringComparison.Ordinal);
        if (wasTold)
            text.ShouldContain("watcher-too-slow");
        late.Dispose();
        await Poll.Until("those that read nothing to be cut off", async () => await Metric("nssv_watchers_dropped_total") >= dropped + Stopped + (wasTold ? 1 : 0), seconds: 60);
        await Poll.Until("their seats to be free", () => Task.FromResult(Seats.Watching == 1));
        foreach (var (connection, stream) in stopped)
        {
            await stream.DisposeAsync();
            connection.Dispose();
        }
    }

    [Fact]
    public async Task One_whose_connection_is_cut_leaves_its_seat()
    {
        var watching = Seats.Watching;
        using (var cut = new TcpClient())
        {
            await using var stream = await Listen(cut, "/api/v1/hosts:watch");
            Seats.Watching.ShouldBe(watching + 1);
            cut.Client.LingerState = new LingerOption(true, 0); // a reset, without a word of TLS
            cut.Client.Close();
        }
        await Poll.Until("its seat to be free", () => Task.FromResult(Seats.Watching == watching));
    }

    [Fact]
    public async Task Nobody_takes_all_seats_and_who_finds_none_is_told_when_to_come_again()
    {
        var clients = new List<WatchClient>();
        try
        {
            // One account has half of what there is while nobody else watches.
            for (var i = Seats.Watching; i < FewSeatsServer.Seats / 2; i++)
            {
                clients.Add(new(server, "/api/v1/clusters:watch"));
                await clients[^1].Until("ready");
            }
            using var client = server.SignedIn();
            using var refused = await client.GetAsync("/api/v1/clusters:watch");
            await Problem(refused, HttpStatusCode.TooManyRequests, "too-many-watchers");
            refused.Headers.RetryAfter!.Delta.ShouldNotBeNull();
        }
        finally
        {
            foreach (var client in clients)
                await client.DisposeAsync();
        }
        await Poll.Until("the seats to be free", () => Task.FromResult(Seats.Watching == 0));
    }

    private async Task Fill()
    {
        var described = new string('x', Bytes);
        var (writer, now) = (server.Services.GetRequiredService<IWriter>(), Clock.Now(server.Time));
        for (var i = 0; i < Rows; i++)
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
    }

    private static async Task<string> ReadToEnd(SslStream stream)
    {
        var (text, buffer) = (new StringBuilder(), new byte[64 * 1024]);
        try
        {
            while (await stream.ReadAsync(buffer).AsTask().WaitAsync(TimeSpan.FromSeconds(30)) is > 0 and var read)
            {
                text.Append(Encoding.UTF8.GetString(buffer, 0, read));
                if (text.ToString(Math.Max(0, text.Length - 2 * buffer.Length), Math.Min(text.Length, 2 * buffer.Length)).Contains("event: dropped", StringComparison.Ordinal))
                    break;
            }
        }
        catch (IOException)
        {
            // Cut off in the middle: it had taken nothing for too long.
        }
        return text.ToString();
    }

    private async Task<double> Metric(string name)
    {
        using var client = server.SignedIn();
        var text = await client.GetStringAsync("/metrics");
        return double.Parse(text.Split('\n').Single(line => line.StartsWith(name + " ", StringComparison.Ordinal))[(name.Length + 1)..], System.Globalization.CultureInfo.InvariantCulture);
    }

    /// <summary>Asks for the stream over a connection of its own, sees it begin, and reads no more.</summary>
    private async Task<SslStream> Listen(TcpClient connection, string path)
    {
        await connection.ConnectAsync("localhost", server.Settings.HttpsPort);
        var tls = new SslStream(connection.GetStream());
        await tls.AuthenticateAsClientAsync(new SslClientAuthenticationOptions { TargetHost = "localhost", RemoteCertificateValidationCallback = (_, certificate, _, _) => certificate is not null });
        await tls.WriteAsync(Encoding.ASCII.GetBytes($"GET {path} HTTP/1.1\r\nHost: localhost\r\nAccept: text/event-stream\r\nAuthorization: Bearer {server.Token}\r\n\r\n"));
        var begin = new byte[64];
        await tls.ReadAtLeastAsync(begin, 16);
        Encoding.ASCII.GetString(begin).ShouldStartWith("HTTP/1.1 200 OK");
        return tls;
    }
}
