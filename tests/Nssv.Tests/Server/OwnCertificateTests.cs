using System.Net.Http.Headers;
using System.Net.Security;
using System.Net.Sockets;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Microsoft.Extensions.Configuration;
using Nssv.Server.Certificates;
using Nssv.Server.Composition;
using Nssv.Services;
using Shouldly;
using Xunit;

namespace Nssv.Tests.Server;

/// <summary>A manager whose port for people shows the administrator's own certificate.</summary>
public sealed class OwnCertificateServer : RunningServer
{
    public const string CertificatePassword = "päss word";

    public X509Certificate2 Own { get; } = Made();

    public string PasswordFile => Path.Combine(Settings.Home, "own.password");

    public string Write(string name, byte[] content)
    {
        var path = Path.Combine(Settings.Home, name);
        File.WriteAllBytes(path, content);
        return path;
    }

    protected override X509Certificate2 Authority => Own;

    protected override ServerSettings Configure(ServerSettings settings)
    {
        var (certificate, password) = (Path.Combine(settings.Home, "own.p12"), Path.Combine(settings.Home, "own.password"));
        File.WriteAllBytes(certificate, Own.Export(X509ContentType.Pkcs12, CertificatePassword));
        File.WriteAllText(password, CertificatePassword + "\r\n");
        return settings with { Certificate = certificate, CertificatePasswordFile = password };
    }

    private static X509Certificate2 Made()
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest("CN=the administrator's own", key, HashAlgorithmName.SHA256);
        var names = new SubjectAlternativeNameBuilder();
        names.AddDnsName("localhost");
        request.CertificateExtensions.Add(names.Build());
        return request.CreateSelfSigned(DateTimeOffset.UtcNow.AddDays(-1), DateTimeOffset.UtcNow.AddDays(30));
    }
}

public sealed class OwnCertificateTests(OwnCertificateServer server) : IClassFixture<OwnCertificateServer>
{
    [Fact]
    public async Task People_see_the_administrator_s_certificate_and_agents_the_platform_s()
    {
        using var client = server.Client();
        client.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", server.Token);
        (await client.GetAsync("/api/v1/clusters")).IsSuccessStatusCode.ShouldBeTrue();

        (await Shown(server.Settings.HttpsPort)).ShouldBe(server.Own.Thumbprint);
        using var manager = CertificateFiles.Open(new CertificateFiles(server.Settings.Folder).Manager, null);
        (await Shown(server.Settings.AgentApiPort)).ShouldBe(manager.Thumbprint);
    }

    [Fact]
    public void A_certificate_that_cannot_be_used_is_named_with_what_to_do()
    {
        var settings = server.Settings;
        Refused(settings with { CertificatePasswordFile = server.Write("wrong.password", "guess"u8.ToArray()) }).Advice.ShouldContain("https.passwordFile");
        Refused(settings with { CertificatePasswordFile = null }).Message.ShouldContain(settings.Certificate!);
        Refused(settings with { CertificatePasswordFile = "/nowhere/password" }).Message.ShouldContain("/nowhere/password");
        Refused(settings with { Certificate = "/nowhere/own.p12" }).Message.ShouldContain("/nowhere/own.p12");
        Refused(settings with { Certificate = server.Write("no.p12", "no certificate"u8.ToArray()) }).Message.ShouldContain("no.p12");
        using var withoutKey = X509CertificateLoader.LoadCertificate(server.Own.RawData);
        var keyless = server.Write("keyless.p12", withoutKey.Export(X509ContentType.Pkcs12, OwnCertificateServer.CertificatePassword)!);
        Refused(settings with { Certificate = keyless }).Message.ShouldContain("without its private key");
    }

    [Fact]
    public void The_settings_of_the_file_are_read()
    {
        var configuration = new ConfigurationBuilder().AddInMemoryCollection(new Dictionary<string, string?>
        {
            ["platformId"] = server.PlatformId.ToString(),
            ["managerId"] = server.PlatformId.ToString(),
            ["https:certificate"] = "/etc/own.p12",
            ["https:passwordFile"] = "/etc/own.password",
        }).Build();
        var settings = ServerSettings.Read("/home", configuration);
        (settings.Certificate, settings.CertificatePasswordFile).ShouldBe(("/etc/own.p12", "/etc/own.password"));
    }

    private ConfigurationException Refused(ServerSettings settings)
    {
        var refusal = Should.Throw<ConfigurationException>(() => ServerHost.Build(settings, server.Time, services => services.AddPlatformServices()));
        refusal.ToString().ShouldNotContain(OwnCertificateServer.CertificatePassword);
        return refusal;
    }

    private static async Task<string> Shown(int port)
    {
        using var connection = new TcpClient();
        await connection.ConnectAsync("localhost", port);
        await using var tls = new SslStream(connection.GetStream());
        await tls.AuthenticateAsClientAsync(new SslClientAuthenticationOptions { TargetHost = "localhost", RemoteCertificateValidationCallback = (_, certificate, _, _) => certificate is not null });
        return tls.RemoteCertificate.ShouldBeOfType<X509Certificate2>().Thumbprint;
    }
}
