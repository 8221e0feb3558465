using System.Net;
using System.Text.Json;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.DependencyInjection;
using Nssv.Agent;
using Nssv.Agent.Enrolment;
using Nssv.Contracts.Agent;
using Nssv.Kernel;
using Nssv.Kernel.Trust;
using Shouldly;
using Xunit;

namespace Nssv.Tests.AgentProtocol;

[Trait("group", "agent")]
public sealed class EnrolmentTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("nssv-enrolment-").FullName;
    private readonly TestAuthority _authority = new(WireBed.Platform);

    [Fact]
    public async Task The_host_keeps_its_own_key_and_becomes_who_the_manager_says()
    {
        EnrolRequest? seen = null;
        await using var manager = await Manager(PlatformIdentity.Manager, request =>
        {
            seen = request;
            return (200, new EnrolReply(DeskBed.HostId, WireBed.Platform, _authority.Sign(request.CertificateRequestPem, PlatformIdentity.Agent, DeskBed.HostId).ExportCertificatePem(),
                _authority.Certificate.ExportCertificatePem(), "https://manager.example:8444"));
        });

        var home = new AgentHome(Path.Combine(_folder, "agent"));
        await Enrol(manager, home, _authority);

        seen!.Token.ShouldBe("one-use-token");
        seen.AgentUrl.ShouldBe("https://127.0.0.1:9000");
        seen.CertificateRequestPem.ShouldNotContain("PRIVATE KEY");
        var settings = home.ReadSettings();
        settings.HostId.ShouldBe(DeskBed.HostId);
        settings.Managers.ShouldBe([manager.Urls.Single(), "https://manager.example:8444"]);
        settings.ListenAddress.ShouldBe("127.0.0.1");
        var (own, authority) = home.ReadCertificates();
        own.HasPrivateKey.ShouldBeTrue();
        authority.Thumbprint.ShouldBe(_authority.Certificate.Thumbprint);
        File.GetUnixFileMode(home.CertificateFile).ShouldBe(UnixFileMode.UserRead | UnixFileMode.UserWrite);
        File.GetUnixFileMode(home.SettingsFile).ShouldBe(UnixFileMode.UserRead | UnixFileMode.UserWrite);
        File.ReadAllText(home.SettingsFile).ShouldNotContain("one-use-token");
    }

    [Fact]
    public async Task A_refusal_is_told_with_its_advice_and_leaves_nothing()
    {
        await using var manager = await Manager(PlatformIdentity.Manager, _ => (403, new Problem(403, "token-used", "The token was used before.", null, "Ask for a new one.")));
        var home = new AgentHome(Path.Combine(_folder, "agent"));

        var refused = await Should.ThrowAsync<SetupException>(() => Enrol(manager, home, _authority));

        refused.Message.ShouldBe("The token was used before.");
        refused.Advice.ShouldBe("Ask for a new one.");
        Directory.Exists(home.Folder).ShouldBeFalse();
    }

    [Theory]
    [InlineData(true, PlatformIdentity.Manager)]
    [InlineData(false, PlatformIdentity.Agent)]
    public async Task The_token_is_not_shown_to_a_server_that_is_no_manager_of_this_authority(bool otherAuthority, string role)
    {
        var asked = false;
        await using var manager = await Manager(role, _ =>
        {
            asked = true;
            return (500, new Problem(500, "internal", "Internal."));
        });
        using var pinned = new TestAuthority(WireBed.Platform);

        await Should.ThrowAsync<SetupException>(() => Enrol(manager, new AgentHome(Path.Combine(_folder, "agent")), otherAuthority ? pinned : _authority));

        asked.ShouldBeFalse();
    }

    [Fact]
    public async Task A_certificate_for_another_host_is_not_kept()
    {
        await using var manager = await Manager(PlatformIdentity.Manager, request => (200, new EnrolReply(DeskBed.HostId, WireBed.Platform,
            _authority.Sign(request.CertificateRequestPem, PlatformIdentity.Agent, WireBed.ManagerId).ExportCertificatePem(), "", "https://manager.example")));
        var home = new AgentHome(Path.Combine(_folder, "agent"));

        await Should.ThrowAsync<SetupException>(() => Enrol(manager, home, _authority));

        File.Exists(home.SettingsFile).ShouldBeFalse();
    }

    public void Dispose()
    {
        _authority.Dispose();
        Directory.Delete(_folder, recursive: true);
    }

    private async Task Enrol(WebApplication manager, AgentHome home, TestAuthority pinned)
    {
        var (ca, token) = (Path.Combine(_folder, "ca.crt"), Path.Combine(_folder, "token"));
        File.WriteAllText(ca, pinned.Certificate.ExportCertificatePem());
        File.WriteAllText(token, "one-use-token\n");
        await new Enroller(home, TimeProvider.System).Enrol(new(new(manager.Urls.Single()), ca, token, "127.0.0.1", 9000), CancellationToken.None);
    }

    private async Task<WebApplication> Manager(string role, Func<EnrolRequest, (int Status, object Answer)> answer)
    {
        var certificate = _authority.Issue(role, WireBed.ManagerId);
        var builder = WebApplication.CreateEmptyBuilder(new());
        builder.WebHost.UseKestrelCore().UseKestrelHttpsConfiguration().ConfigureKestrel(kestrel =>
            kestrel.Listen(IPAddress.Loopback, 0, listen => listen.UseHttps(certificate)));
        builder.Services.AddRoutingCore();
        var app = builder.Build();
        app.UseRouting();
        app.MapPost("/enroll", async (HttpContext http) =>
        {
            var (status, reply) = answer((await JsonSerializer.DeserializeAsync<EnrolRequest>(http.Request.Body, KernelJson.Options))!);
            http.Response.StatusCode = status;
            await JsonSerializer.SerializeAsync(http.Response.Body, reply, reply.GetType(), KernelJson.Options);
        });
        await app.StartAsync();
        return app;
    }
}
