using System.Net;
using System.Net.Http.Json;
using System.Net.Sockets;
using System.Security.Cryptography.X509Certificates;
using System.Text.Json;
using System.Text.Json.Nodes;
using Microsoft.Extensions.DependencyInjection;
using Nssv.Kernel;
using Nssv.Kernel.Peers;
using Nssv.Server.Certificates;
using Nssv.Server.Peers;
using Shouldly;
using Xunit;
using static Nssv.Tests.Server.RunningServer;

namespace Nssv.Tests.Server;

public sealed class PeerPortTests(RunningServer server) : IClassFixture<RunningServer>
{
    private static readonly StringContent Bell = Json("""{"kind":"bell","sequence":1}""");

    private CertificateAuthority Authority => server.Services.GetRequiredService<CertificateAuthority>();

    [Fact]
    public async Task Only_managers_of_the_platform_are_heard()
    {
        using var stranger = server.Client(address: server.Agents);
        await Problem(await stranger.PostAsync(PeerEndpoints.Messages, Bell), HttpStatusCode.Forbidden, "peer-unknown");
        using var agentKey = System.Security.Cryptography.ECDsa.Create(System.Security.Cryptography.ECCurve.NamedCurves.nistP256);
        using var agentCertificate = AgentCertificate(agentKey);
        using var agent = server.Client(agentCertificate, server.Agents);
        await Problem(await agent.PostAsync(PeerEndpoints.Messages, Bell), HttpStatusCode.Forbidden, "peer-unknown");
        await Problem(await agent.GetAsync(PeerEndpoints.Health), HttpStatusCode.Forbidden, "peer-unknown");

        using var certificate = Authority.IssueManager(NewId(), ["localhost"]);
        using var manager = server.Client(Exported(certificate), server.Agents);
        (await manager.GetAsync(PeerEndpoints.Health)).StatusCode.ShouldBe(HttpStatusCode.OK);
        using var answer = await manager.PostAsync(PeerEndpoints.Messages, Bell);
        (await answer.Content.ReadFromJsonAsync<PeerReply>(KernelJson.Options))!.Outcome.ShouldBe(PeerOutcome.Done);
        await Problem(await manager.PostAsync(PeerEndpoints.Messages, Json("""{"kind":"of another world"}""")), HttpStatusCode.BadRequest, "malformed-json");
        // A manager is no agent, and people's port knows neither.
        await Problem(await manager.PostAsync("/agent-api/v1/heartbeat", Json("{}")), HttpStatusCode.Forbidden, "agent-unknown");
        using var people = server.Client(Exported(certificate));
        await Problem(await people.PostAsync(PeerEndpoints.Messages, Bell), HttpStatusCode.NotFound, "no-such-path");
    }

    [Fact]
    public async Task What_a_peer_is_asked_comes_back_and_what_it_refuses_too()
    {
        using var clients = Clients();
        var transport = Transport(clients);
        var peer = new PeerAddress(server.Settings.ManagerId, server.Agents.ToString(), "");
        (await transport.Send(peer, new PeerBell(null), CancellationToken.None)).Outcome.ShouldBe(PeerOutcome.Done);
        var refused = await transport.Send(peer, new PeerCancel(NewId()), CancellationToken.None);
        (refused.Outcome, refused.Problem!.Status).ShouldBe((PeerOutcome.Refused, 404));
    }

    [Fact]
    public async Task Who_is_not_the_peer_that_is_meant_gets_nothing()
    {
        using var clients = Clients();
        var other = new PeerAddress(NewId(), server.Agents.ToString(), "");
        (await Should.ThrowAsync<PeerUnreachableException>(() => Transport(clients).Send(other, new PeerBell(1), CancellationToken.None))).Sent.ShouldBeFalse();
    }

    [Fact]
    public async Task Where_nobody_listens_nothing_was_sent()
    {
        using var clients = Clients();
        using var nobody = new TcpListener(IPAddress.Loopback, 0);
        nobody.Start();
        var port = ((IPEndPoint)nobody.LocalEndpoint).Port;
        nobody.Stop();
        var gone = new PeerAddress(server.Settings.ManagerId, $"https://localhost:{port}/", "");
        (await Should.ThrowAsync<PeerUnreachableException>(() => Transport(clients).Send(gone, new PeerBell(1), CancellationToken.None))).Sent.ShouldBeFalse();
    }

    [Fact]
    public async Task The_management_nodes_of_a_platform_on_SQLite_are_one()
    {
        using var client = server.SignedIn();
        var node = (await client.GetFromJsonAsync<JsonObject>("/api/v1/management-nodes"))!["items"]!.AsArray().ShouldHaveSingleItem()!;
        (node["id"]!.GetValue<string>(), node["self"]!.GetValue<bool>(), node["shardCount"]!.GetValue<int>()).ShouldBe((server.Settings.ManagerId.ToString(), true, 1024));
        node["database"]!["latencyMilliseconds"]!.GetValue<double>().ShouldBeGreaterThan(0);
        (await client.GetFromJsonAsync<JsonObject>($"/api/v1/management-nodes/{server.Settings.ManagerId}"))!["id"]!.GetValue<string>().ShouldBe(server.Settings.ManagerId.ToString());
        await Problem(await client.GetAsync($"/api/v1/management-nodes/{NewId()}"), HttpStatusCode.NotFound, "not-found");
    }

    private PeerClient Clients() => new(Authority, Exported(Authority.IssueManager(NewId(), ["localhost"])));

    private static HttpPeerTransport Transport(PeerClient clients) => new(clients, new PeerTimes(new("test")), TimeProvider.System);

    private X509Certificate2 AgentCertificate(System.Security.Cryptography.ECDsa key)
    {
        var request = new CertificateRequest("CN=agent", key, System.Security.Cryptography.HashAlgorithmName.SHA256).CreateSigningRequestPem();
        using var signed = X509Certificate2.CreateFromPem(Authority.SignAgent(NewId(), request).CertificatePem);
        using var whole = signed.CopyWithPrivateKey(key);
        return Exported(whole);
    }

    /// <summary>With a key that a connection can use.</summary>
    private static X509Certificate2 Exported(X509Certificate2 certificate) => X509CertificateLoader.LoadPkcs12(certificate.Export(X509ContentType.Pkcs12), null);

    private static Id NewId() => new(Guid.CreateVersion7());
}
