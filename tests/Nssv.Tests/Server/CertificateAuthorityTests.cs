using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Nssv.Kernel;
using Nssv.Kernel.Trust;
using Nssv.Server.Certificates;
using Shouldly;
using Xunit;

namespace Nssv.Tests.Server;

public sealed class CertificateAuthorityTests : IDisposable
{
    private readonly ManualTime _time = new(DateTimeOffset.UtcNow);
    private readonly Id _platform = new(Guid.CreateVersion7());
    private readonly Id _host = new(Guid.CreateVersion7());
    private readonly CertificateAuthority _authority;

    public CertificateAuthorityTests() => _authority = new(CertificateAuthority.Create(_platform, _time), _platform, _time);

    public void Dispose() => _authority.Dispose();

    [Fact]
    public void An_agent_gets_its_own_identity_and_none_of_what_it_asked_for()
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest("CN=root, O=Evil", key, HashAlgorithmName.SHA256);
        request.CertificateExtensions.Add(new X509BasicConstraintsExtension(true, false, 0, true));
        var names = new SubjectAlternativeNameBuilder();
        names.AddDnsName("manager.example");
        names.AddUri(new Uri($"nssv://{_platform}/manager/{_host}"));
        request.CertificateExtensions.Add(names.Build());

        var issued = _authority.SignAgent(_host, request.CreateSigningRequestPem());

        using var certificate = X509Certificate2.CreateFromPem(issued.CertificatePem);
        PlatformIdentity.Of(certificate).ShouldBe(new PlatformIdentity(_platform, PlatformIdentity.Agent, _host));
        certificate.Subject.ShouldBe($"CN=nSSV agent {_host}");
        certificate.Extensions.OfType<X509BasicConstraintsExtension>().Single().CertificateAuthority.ShouldBeFalse();
        certificate.Extensions.OfType<X509EnhancedKeyUsageExtension>().Single().EnhancedKeyUsages.Cast<Oid>().Select(use => use.Value)
            .ShouldBe(["1.3.6.1.5.5.7.3.1", "1.3.6.1.5.5.7.3.2"], ignoreOrder: true);
        certificate.Extensions.OfType<X509SubjectAlternativeNameExtension>().Single().EnumerateDnsNames().ShouldBeEmpty();
        (certificate.NotAfter.ToUniversalTime() - _time.GetUtcNow().UtcDateTime).TotalDays.ShouldBe(730, tolerance: 1);
        certificate.PublicKey.ExportSubjectPublicKeyInfo().ShouldBe(key.ExportSubjectPublicKeyInfo());
        issued.Fingerprint.ShouldBe(CertificateAuthority.Fingerprint(certificate));
        _authority.Verify(certificate, asClient: true)!.Id.ShouldBe(_host);
        _authority.Verify(certificate, asClient: false)!.Id.ShouldBe(_host);
    }

    [Fact]
    public void Serials_are_long_random_and_positive()
    {
        var serials = Enumerable.Range(0, 20).Select(_ =>
        {
            using var certificate = X509Certificate2.CreateFromPem(_authority.SignAgent(_host, Request()).CertificatePem);
            return certificate.SerialNumber;
        }).ToList();
        serials.ShouldBeUnique();
        serials.ShouldAllBe(serial => serial.Length == 32 && serial[0] >= '4' && serial[0] <= '7');
    }

    [Fact]
    public void Keys_of_other_kinds_are_refused()
    {
        using var rsa = RSA.Create(2048);
        Refused(new CertificateRequest("CN=x", rsa, HashAlgorithmName.SHA256, RSASignaturePadding.Pkcs1).CreateSigningRequestPem());
        using var p521 = ECDsa.Create(ECCurve.NamedCurves.nistP521);
        Refused(new CertificateRequest("CN=x", p521, HashAlgorithmName.SHA256).CreateSigningRequestPem());
    }

    [Theory]
    [InlineData("")]
    [InlineData("-----BEGIN CERTIFICATE REQUEST-----\nAAAA\n-----END CERTIFICATE REQUEST-----")]
    [InlineData("<xml/>")]
    public void What_is_no_request_is_refused(string pem) => Refused(pem);

    [Fact]
    public void A_request_that_its_key_did_not_sign_is_refused()
    {
        var der = PemBytes(Request());
        der[^3] ^= 0x40;
        Refused(PemEncoding.WriteString("CERTIFICATE REQUEST", der));
    }

    [Fact]
    public void Certificates_of_others_prove_nothing()
    {
        using var other = new CertificateAuthority(CertificateAuthority.Create(_platform, _time), _platform, _time);
        using var foreign = X509Certificate2.CreateFromPem(other.SignAgent(_host, Request()).CertificatePem);
        _authority.Verify(foreign, asClient: true).ShouldBeNull();

        using var server = _authority.IssueServer(["localhost"]);
        _authority.Verify(server, asClient: true).ShouldBeNull();
        _authority.Verify(server, asClient: false).ShouldBeNull("it speaks for no one of the platform");
    }

    [Fact]
    public void A_certificate_that_has_ended_proves_nothing()
    {
        using var certificate = X509Certificate2.CreateFromPem(_authority.SignAgent(_host, Request()).CertificatePem);
        _time.Advance(TimeSpan.FromDays(731));
        _authority.Verify(certificate, asClient: true).ShouldBeNull();
    }

    [Fact]
    public void Files_are_for_their_owner_alone_and_stay_when_made_again()
    {
        var folder = Directory.CreateTempSubdirectory("nssv-ca-").FullName;
        try
        {
            var files = new CertificateFiles(folder);
            files.Create(_platform, _host, ["localhost"], _time);
            var before = File.ReadAllBytes(files.AuthorityKey);
            files.Create(_platform, _host, ["localhost"], _time);
            File.ReadAllBytes(files.AuthorityKey).ShouldBe(before);
            foreach (var secret in new[] { files.AuthorityKey, files.Manager, files.Server })
                File.GetUnixFileMode(secret).ShouldBe(UnixFileMode.UserRead | UnixFileMode.UserWrite);

            using var authority = files.OpenAuthority(_platform, _time);
            var server = CertificateAuthority.Fingerprint(CertificateFiles.Open(files.Server, null));
            _time.Advance(TimeSpan.FromDays(600));
            files.Renew(authority, _host, ["localhost"], _time);
            CertificateAuthority.Fingerprint(CertificateFiles.Open(files.Server, null)).ShouldBe(server);
            _time.Advance(TimeSpan.FromDays(100));
            files.Renew(authority, _host, ["localhost"], _time);
            CertificateAuthority.Fingerprint(CertificateFiles.Open(files.Server, null)).ShouldNotBe(server);
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    private static string Request()
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        return new CertificateRequest("CN=agent", key, HashAlgorithmName.SHA256).CreateSigningRequestPem();
    }

    private static byte[] PemBytes(string pem) => Convert.FromBase64String(string.Concat(pem.Split('\n').Where(line => !line.StartsWith('-'))));

    private void Refused(string pem) =>
        Should.Throw<ProblemException>(() => _authority.SignAgent(_host, pem)).Problem.Code.ShouldBe("invalid-certificate-request");
}
