using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Nssv.Kernel;
using Nssv.Kernel.Trust;

namespace Nssv.Tests.AgentProtocol;

/// <summary>An authority of a test's own platform.</summary>
internal sealed class TestAuthority : IDisposable
{
    private readonly ECDsa _key = ECDsa.Create(ECCurve.NamedCurves.nistP256);

    public TestAuthority(Id platformId)
    {
        PlatformId = platformId;
        var request = new CertificateRequest("CN=test authority", _key, HashAlgorithmName.SHA256);
        request.CertificateExtensions.Add(new X509BasicConstraintsExtension(true, false, 0, true));
        request.CertificateExtensions.Add(new X509KeyUsageExtension(X509KeyUsageFlags.KeyCertSign, true));
        Certificate = request.CreateSelfSigned(DateTimeOffset.UtcNow.AddDays(-30), DateTimeOffset.UtcNow.AddDays(30));
    }

    public Id PlatformId { get; }

    public X509Certificate2 Certificate { get; }

    public PlatformTrust Trust => new(Certificate, PlatformId, TimeProvider.System);

    public X509Certificate2 Issue(string role, Id id, Id? platform = null, bool expired = false)
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest($"CN={role}", key, HashAlgorithmName.SHA256);
        using var signed = Sign(request, role, id, platform, expired);
        using var whole = signed.CopyWithPrivateKey(key);
        return X509CertificateLoader.LoadPkcs12(whole.Export(X509ContentType.Pkcs12), null);
    }

    public X509Certificate2 Sign(string requestPem, string role, Id id) =>
        Sign(new CertificateRequest(new X500DistinguishedName("CN=agent"), CertificateRequest.LoadSigningRequestPem(requestPem, HashAlgorithmName.SHA256).PublicKey, HashAlgorithmName.SHA256), role, id);

    public void Dispose()
    {
        Certificate.Dispose();
        _key.Dispose();
    }

    private X509Certificate2 Sign(CertificateRequest request, string role, Id id, Id? platform = null, bool expired = false)
    {
        var names = new SubjectAlternativeNameBuilder();
        names.AddDnsName("localhost");
        names.AddUri(new PlatformIdentity(platform ?? PlatformId, role, id).Uri);
        request.CertificateExtensions.Add(names.Build());
        request.CertificateExtensions.Add(new X509EnhancedKeyUsageExtension([new Oid("1.3.6.1.5.5.7.3.1"), new Oid("1.3.6.1.5.5.7.3.2")], false));
        var end = DateTimeOffset.UtcNow.AddDays(expired ? -1 : 10);
        return request.Create(Certificate, end.AddDays(-15), end, RandomNumberGenerator.GetBytes(12));
    }
}
