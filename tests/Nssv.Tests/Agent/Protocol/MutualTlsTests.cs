using System.IO.Pipelines;
using System.Net;
using System.Net.WebSockets;
using System.Text;
using System.Text.Json;
using Nssv.Agent;
using Nssv.Agent.Http;
using Nssv.Kernel;
using Nssv.Kernel.Agents;
using Nssv.Kernel.Trust;
using Shouldly;
using Xunit;

namespace Nssv.Tests.AgentProtocol;

[Trait("group", "agent")]
public sealed class MutualTlsTests
{
    private static readonly Id Operation = Id.Parse("0190b000-0000-7000-8000-000000000100");
    private static readonly Id Layer = Id.Parse("0190b000-0000-7000-8000-000000000101");
    private static CommandBatch Batch => new([DeskBed.Envelope(Operation, DeskBed.Layer(Layer))]);

    [Fact]
    public async Task A_managers_command_is_taken_in_and_its_result_comes_to_the_callback_url()
    {
        await using var bed = await WireBed.Started();
        using var client = new HttpClient(bed.Tls(PlatformIdentity.Manager, WireBed.ManagerId).Handler(PlatformIdentity.Agent));

        using var answer = await bed.Send(client, Batch);

        answer.StatusCode.ShouldBe(HttpStatusCode.Accepted);
        answer.Version.ShouldBe(HttpVersion.Version20);
        var receipt = JsonSerializer.Deserialize<CommandReceipt>(await answer.Content.ReadAsStringAsync(), KernelJson.Options)!;
        receipt.Accepted.ShouldBe([$"{Operation}/0/0"]);
        var results = await bed.Results;
        results.HostId.ShouldBe(DeskBed.HostId);
        results.Results.Single().Succeeded.ShouldBeTrue();
        (await bed.Heartbeat).HostId.ShouldBe(DeskBed.HostId);
    }

    [Theory]
    [InlineData("none")]
    [InlineData("other authority")]
    [InlineData("other platform")]
    [InlineData("expired")]
    public async Task Without_a_valid_certificate_of_this_platform_nobody_gets_past_the_handshake(string certificate)
    {
        await using var bed = await WireBed.Started();
        using var other = new TestAuthority(WireBed.Platform);
        using var shown = certificate switch
        {
            "other authority" => other.Issue(PlatformIdentity.Manager, WireBed.ManagerId),
            "other platform" => bed.Authority.Issue(PlatformIdentity.Manager, WireBed.ManagerId, platform: Operation),
            "expired" => bed.Authority.Issue(PlatformIdentity.Manager, WireBed.ManagerId, expired: true),
            _ => null,
        };
        using var client = WireBed.Client(shown);

        await Should.ThrowAsync<HttpRequestException>(() => bed.Send(client, Batch));

        bed.Machine.Effects.ShouldBeEmpty();
    }

    [Fact]
    public async Task Another_agent_may_fetch_images_and_nothing_else()
    {
        await using var bed = await WireBed.Started();
        var image = Id.Parse("0190b000-0000-7000-8000-000000000102");
        bed.Machine.Change(state => state.Images.TryAdd(image, image));
        using var client = WireBed.Client(bed.Authority.Issue(PlatformIdentity.Agent, Operation));

        using var command = await bed.Send(client, Batch);
        using var upload = await client.PutAsync(new Uri(bed.AgentUrl, $"/agent/v1/images/{image}/content"), new ByteArrayContent([1]));
        using var fetched = await client.GetAsync(new Uri(bed.AgentUrl, $"/agent/v1/images/{image}/content?imageStorageId={image}"));

        command.StatusCode.ShouldBe(HttpStatusCode.Forbidden);
        upload.StatusCode.ShouldBe(HttpStatusCode.Forbidden);
        fetched.StatusCode.ShouldBe(HttpStatusCode.OK);
        var bytes = await fetched.Content.ReadAsByteArrayAsync();
        fetched.Headers.GetValues(StoredImage.ChecksumHeader).ShouldBe([Convert.ToHexStringLower(System.Security.Cryptography.SHA256.HashData(bytes))]);
    }

    [Fact]
    public async Task An_upload_flows_through_whatever_its_size()
    {
        await using var bed = await WireBed.Started();
        using var client = WireBed.Client(bed.Authority.Issue(PlatformIdentity.Manager, WireBed.ManagerId));
        const int size = 48 * 1024 * 1024; // above Kestrel's own limit

        using var answer = await client.PutAsync(new Uri(bed.AgentUrl, $"/agent/v1/images/{Layer}/content"), new StreamContent(new MemoryStream(new byte[size])));

        answer.StatusCode.ShouldBe(HttpStatusCode.NoContent);
        bed.Machine.Uploads[Layer].ShouldBe(size);
    }

    [Theory]
    [InlineData("/agent/v1/commands", "{", 400)]
    [InlineData("/agent/v1/commands", "null", 400)]
    [InlineData("/agent/v1/operations/ask", "[]", 400)]
    [InlineData("/agent/v1/nothing", "{}", 404)]
    public async Task What_cannot_be_read_is_a_problem_and_changes_nothing(string path, string body, int status)
    {
        await using var bed = await WireBed.Started();
        using var client = WireBed.Client(bed.Authority.Issue(PlatformIdentity.Manager, WireBed.ManagerId));
        using var request = new HttpRequestMessage(HttpMethod.Post, new Uri(bed.AgentUrl, path)) { Version = HttpVersion.Version20, Content = new StringContent(body) };
        request.Headers.Add("X-Callback-Url", new Uri(bed.ManagerUrl, "/agent-api/v1/results").ToString());

        using var answer = await client.SendAsync(request);

        ((int)answer.StatusCode).ShouldBe(status);
        answer.Content.Headers.ContentType!.MediaType.ShouldBe("application/problem+json");
    }

    [Theory]
    [InlineData("https://127.0.0.1:1/agent-api/v1/results", true)]
    [InlineData("http://127.0.0.1/agent-api/v1/results", false)]
    [InlineData("https://10.9.8.7/agent-api/v1/results", true)]
    [InlineData("https://127.0.0.1@evil.example/agent-api/v1/results", false)]
    [InlineData("https://user@127.0.0.1/agent-api/v1/results", false)]
    [InlineData("https://127.0.0.1/agent-api/v1/results?to=elsewhere", false)]
    [InlineData("https://127.0.0.1/other", false)]
    [InlineData("file:///etc/passwd", false)]
    [InlineData("", false)]
    public void Results_go_to_the_result_path_of_managers_only(string url, bool allowed)
    {
        using var authority = new TestAuthority(WireBed.Platform);
        using var link = new HttpManagerLink(new(authority.Issue(PlatformIdentity.Agent, DeskBed.HostId), authority.Trust), new(["https://127.0.0.1:8444"]), TimeProvider.System);

        link.IsAllowed(url).ShouldBe(allowed);
    }

    [Fact]
    public async Task A_batch_with_a_foreign_callback_url_is_refused_whole()
    {
        await using var bed = await WireBed.Started();
        using var client = WireBed.Client(bed.Authority.Issue(PlatformIdentity.Manager, WireBed.ManagerId));

        using var answer = await bed.Send(client, Batch, "https://192.0.2.1/elsewhere");

        answer.StatusCode.ShouldBe(HttpStatusCode.BadRequest);
        (await answer.Content.ReadAsStringAsync()).ShouldContain("callback-not-allowed");
        bed.Machine.Effects.ShouldBeEmpty();
    }

    [Fact]
    public async Task A_server_that_is_no_manager_gets_no_results()
    {
        await using var bed = await WireBed.Started();
        using var link = new HttpManagerLink(bed.Tls(PlatformIdentity.Agent, DeskBed.HostId), new([bed.AgentUrl.ToString()]), TimeProvider.System);

        // The agent's own port holds a certificate of the platform, but of another role.
        await Should.ThrowAsync<HttpRequestException>(() => link.Deliver(new Uri(bed.AgentUrl, "/agent-api/v1/results").ToString(), new(DeskBed.HostId, 1, []), CancellationToken.None));
    }

    [Theory]
    [InlineData("2.0")]
    [InlineData("1.1")]
    public async Task A_console_carries_bytes_both_ways_until_the_guest_ends_it(string version)
    {
        var (keys, screen) = (new Pipe(), new Pipe());
        await using var bed = await WireBed.Started(new() { Console = _ => new Duplex(screen.Reader.AsStream(), keys.Writer.AsStream()) });
        using var handler = bed.Tls(PlatformIdentity.Manager, WireBed.ManagerId).Handler(PlatformIdentity.Agent);
        using var invoker = new HttpMessageInvoker(handler);
        using var socket = new ClientWebSocket();
        socket.Options.HttpVersion = Version.Parse(version);
        socket.Options.HttpVersionPolicy = HttpVersionPolicy.RequestVersionExact;
        using var limit = new CancellationTokenSource(TimeSpan.FromSeconds(20));
        await socket.ConnectAsync(new UriBuilder(new Uri(bed.AgentUrl, $"/agent/v1/console/{Layer}")) { Scheme = "wss" }.Uri, invoker, limit.Token);

        await socket.SendAsync(Encoding.ASCII.GetBytes("root\n"), WebSocketMessageType.Binary, true, limit.Token);
        var typed = await keys.Reader.ReadAtLeastAsync(5, limit.Token);
        Encoding.ASCII.GetString(typed.Buffer).ShouldBe("root\n");
        await screen.Writer.WriteAsync("# "u8.ToArray(), limit.Token);
        var buffer = new byte[64];
        var shown = await socket.ReceiveAsync(buffer, limit.Token);
        Encoding.ASCII.GetString(buffer, 0, shown.Count).ShouldBe("# ");

        await screen.Writer.CompleteAsync();
        (await socket.ReceiveAsync(buffer, limit.Token)).MessageType.ShouldBe(WebSocketMessageType.Close);
    }

    private sealed class Duplex(Stream read, Stream write) : Stream
    {
        public override bool CanRead => true;
        public override bool CanSeek => false;
        public override bool CanWrite => true;
        public override long Length => throw new NotSupportedException();
        public override long Position { get => throw new NotSupportedException(); set => throw new NotSupportedException(); }
        public override void Flush() => write.Flush();
        public override Task FlushAsync(CancellationToken cancellationToken) => write.FlushAsync(cancellationToken);
        public override int Read(byte[] buffer, int offset, int count) => read.Read(buffer, offset, count);
        public override ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default) => read.ReadAsync(buffer, cancellationToken);
        public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();
        public override void SetLength(long value) => throw new NotSupportedException();
        public override void Write(byte[] buffer, int offset, int count) => write.Write(buffer, offset, count);
        public override ValueTask WriteAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken = default) => write.WriteAsync(buffer, cancellationToken);
    }
}
