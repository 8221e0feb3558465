using System.Net;
using System.Net.Http.Json;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging.Abstractions;
using Nssv.Agent;
using Nssv.Agent.Enrolment;
using Nssv.Agent.Http;
using Nssv.Contracts.Inventory;
using Nssv.Kernel;
using Nssv.Kernel.Agents;
using Nssv.Kernel.Data;
using Nssv.Kernel.Trust;
using Nssv.Server.Certificates;
using Shouldly;
using Xunit;

namespace Nssv.Tests.Server;

/// <summary>An agent's certificate, from its enrolment to the one that takes its place: real manager, real wire, a clock that is set.</summary>
public sealed class CertificateRenewalTests(RunningServer server) : IClassFixture<RunningServer>, IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("nssv-renewal-").FullName;

    [Fact]
    public async Task A_certificate_is_renewed_after_two_thirds_of_its_life_and_the_old_one_counts_until_the_new_one_is_seen()
    {
        var host = (await server.AddHost()).Id;
        using var stranger = server.Client(address: server.Agents);
        using var first = await AgentHosts.Enrol(stranger, await server.TakeToken(host), "https://127.0.0.1:9");
        var home = new AgentHome(_folder);
        home.Write(first);
        using var authority = X509CertificateLoader.LoadCertificateFromFile(Path.Combine(server.Settings.Folder, "ca.crt"));
        var trust = new PlatformTrust(authority, server.PlatformId, server.Time);
        var tls = new MutualTls(first, trust);
        using var link = new HttpManagerLink(tls, new([server.Agents.ToString()]), server.Time);
        var renewal = new CertificateRenewal(home, host, tls, trust, link, server.Time, NullLogger.Instance);
        using var old = server.Client(first, server.Agents);
        await link.Beat(AgentHosts.Beat(host), CancellationToken.None);

        server.Time.Advance(CertificateRenewal.Due(first) - server.Time.GetUtcNow() - TimeSpan.FromSeconds(1));
        (await renewal.RenewIfDue(CancellationToken.None)).ShouldBeFalse();
        Kept().Thumbprint.ShouldBe(first.Thumbprint);
        server.Time.Advance(TimeSpan.FromSeconds(1));

        // An answer that is lost on its way leaves the agent with what it has.
        using (var lost = ECDsa.Create(ECCurve.NamedCurves.nistP256))
            await link.Renew(new(host, AgentHosts.Request(lost)), CancellationToken.None);
        (await Send(old)).ShouldBe(HttpStatusCode.OK);

        (await renewal.RenewIfDue(CancellationToken.None)).ShouldBeTrue();
        var second = Kept();
        second.HasPrivateKey.ShouldBeTrue();
        second.PublicKey.EncodedKeyValue.RawData.ShouldNotBe(first.PublicKey.EncodedKeyValue.RawData, "the key is a new one");
        (second.NotAfter - first.NotAfter).TotalDays.ShouldBeGreaterThan(400);
        File.GetUnixFileMode(home.CertificateFile).ShouldBe(UnixFileMode.UserRead | UnixFileMode.UserWrite);
        tls.ServerOptions().ServerCertificateContext!.TargetCertificate.Thumbprint.ShouldBe(second.Thumbprint);
        (await Send(old)).ShouldBe(HttpStatusCode.OK, "nobody has shown the new one yet");

        await link.Beat(AgentHosts.Beat(host), CancellationToken.None);
        (await Send(old)).ShouldBe(HttpStatusCode.Forbidden);
        var row = await server.Services.GetRequiredService<IStore>().Get<Host>(host);
        (row.CertificateFingerprint, row.NextCertificateFingerprint).ShouldBe((CertificateAuthority.Fingerprint(second), null));
        (await renewal.RenewIfDue(CancellationToken.None)).ShouldBeFalse();

        X509Certificate2 Kept() => X509CertificateLoader.LoadPkcs12FromFile(home.CertificateFile, null);

        async Task<HttpStatusCode> Send(HttpClient client)
        {
            using var answer = await client.PostAsJsonAsync("/agent-api/v1/results", new ResultBatch(host, 1, []), KernelJson.Options);
            return answer.StatusCode;
        }
    }

    [Fact]
    public async Task An_agent_gets_a_certificate_for_its_own_host_only()
    {
        var (mine, other) = ((await server.AddHost()).Id, (await server.AddHost()).Id);
        using var stranger = server.Client(address: server.Agents);
        using var certificate = await AgentHosts.Enrol(stranger, await server.TakeToken(mine), "https://127.0.0.1:9");
        using var agent = server.Client(certificate, server.Agents);
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);

        await RunningServer.Problem(await Ask(agent, other, AgentHosts.Request(key)), HttpStatusCode.Forbidden, "host-mismatch");
        await RunningServer.Problem(await Ask(agent, mine, "no request"), HttpStatusCode.BadRequest, "invalid-certificate-request");
        await RunningServer.Problem(await Ask(stranger, mine, AgentHosts.Request(key)), HttpStatusCode.Forbidden, "agent-unknown");
        (await server.Services.GetRequiredService<IStore>().Get<Host>(other)).NextCertificateFingerprint.ShouldBeNull();

        static Task<HttpResponseMessage> Ask(HttpClient client, Id host, string request) =>
            client.PostAsJsonAsync("/agent-api/v1/certificate", new Contracts.Agent.RenewCertificate(host, request), KernelJson.Options);
    }

    public void Dispose() => Directory.Delete(_folder, recursive: true);
}
