using System.Net;
using System.Security.Authentication;
using System.Security.Cryptography.X509Certificates;
using Nssv.Client;
using Nssv.Client.Transport;
using Shouldly;
using Xunit;

namespace Nssv.Tests.Client;

public sealed class ServerTrustTests : IDisposable
{
    private readonly string folder = Directory.CreateTempSubdirectory("nssv-trust-").FullName;
    private readonly X509Certificate2 authority = TestCertificates.Make("CN=authority", null, "");

    [Fact]
    public async Task The_authority_s_file_makes_its_server_trusted()
    {
        using var certificate = TestCertificates.Make("CN=server", authority, "localhost");
        (await Ask(certificate, ServerTrust.FromFile(Save(authority)))).ShouldBe("1");
    }

    [Fact]
    public async Task Another_authority_does_not()
    {
        using var certificate = TestCertificates.Make("CN=server", authority, "localhost");
        using var other = TestCertificates.Make("CN=other", null, "");
        await Refused(certificate, ServerTrust.FromFile(Save(other)));
    }

    [Fact]
    public async Task Nor_do_the_system_s_roots()
    {
        using var certificate = TestCertificates.Make("CN=server", authority, "localhost");
        await Refused(certificate, ServerTrust.SystemRoots);
    }

    [Fact]
    public async Task A_certificate_for_another_name_is_refused()
    {
        using var certificate = TestCertificates.Make("CN=server", authority, "elsewhere.example");
        await Refused(certificate, ServerTrust.FromFile(Save(authority)));
    }

    [Fact]
    public async Task Anything_goes_only_when_asked_for()
    {
        using var certificate = TestCertificates.Make("CN=server", authority, "elsewhere.example");
        (await Ask(certificate, ServerTrust.Insecure)).ShouldBe("1");
    }

    public void Dispose()
    {
        authority.Dispose();
        Directory.Delete(folder, recursive: true);
    }

    private static async Task<string?> Ask(X509Certificate2 certificate, ServerTrust trust)
    {
        await using var manager = await TestManager.Start(context => context.Json("""{"id":"1"}"""), certificate);
        using var client = manager.Client(trust: trust);
        return (await client.Get("hosts", "1"))["id"].AsText();
    }

    private static async Task Refused(X509Certificate2 certificate, ServerTrust trust)
    {
        var fault = await Should.ThrowAsync<HttpRequestException>(Ask(certificate, trust));
        fault.InnerException.ShouldBeOfType<AuthenticationException>();
    }

    private string Save(X509Certificate2 certificate)
    {
        var file = Path.Combine(folder, "ca.crt");
        File.WriteAllText(file, certificate.ExportCertificatePem());
        return file;
    }
}
