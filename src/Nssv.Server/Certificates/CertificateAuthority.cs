using System.Net;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Nssv.Kernel.Agents;
using Nssv.Kernel.Trust;

namespace Nssv.Server.Certificates;

/// <summary>
/// The platform's own authority (ECDSA P-256): signs the manager's certificates and, from requests whose keys never leave the hosts, the agents'.
/// It is trusted for nothing outside the platform.
/// </summary>
public sealed class CertificateAuthority : IAgentAuthority, IDisposable
{
    private static readonly TimeSpan AuthorityLifetime = TimeSpan.FromDays(3_650);
    private static readonly TimeSpan Lifetime = TimeSpan.FromDays(730);
    private static readonly TimeSpan ClockSkew = TimeSpan.FromMinutes(10);
    private static readonly Oid ServerAuthentication = new("1.3.6.1.5.5.7.3.1");
    private static readonly Oid ClientAuthentication = new("1.3.6.1.5.5.7.3.2");
    private const int LongestRequest = 16 * 1024;

    private readonly X509Certificate2 _authority;
    private readonly PlatformTrust _trust;
    private readonly TimeProvider _time;

    public CertificateAuthority(X509Certificate2 authority, Id platformId, TimeProvider time)
    {
        if (!authority.HasPrivateKey)
            throw new ArgumentException("The authority's certificate comes without its key.", nameof(authority));
        (_authority, PlatformId, _time, _trust) = (authority, platformId, time, new(authority, platformId, time));
    }

    public Id PlatformId { get; }

    /// <summary>The authority's certificate without its key.</summary>
    public string Pem => _authority.ExportCertificatePem();

    /// <summary>A new authority for a new platform, with its key.</summary>
    public static X509Certificate2 Create(Id platformId, TimeProvider time)
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest($"CN=nSSV {platformId}", key, HashAlgorithmName.SHA256);
        request.CertificateExtensions.Add(new X509BasicConstraintsExtension(certificateAuthority: true, hasPathLengthConstraint: true, pathLengthConstraint: 0, critical: true));
        request.CertificateExtensions.Add(new X509KeyUsageExtension(X509KeyUsageFlags.KeyCertSign | X509KeyUsageFlags.CrlSign, critical: true));
        request.CertificateExtensions.Add(new X509SubjectKeyIdentifierExtension(request.PublicKey, critical: false));
        var now = time.GetUtcNow();
        return request.CreateSelfSigned(now - ClockSkew, now + AuthorityLifetime);
    }

    /// <summary>A certificate for serving HTTPS under the given names and addresses.</summary>
    public X509Certificate2 IssueServer(IEnumerable<string> names) =>
        IssueOwn("CN=nSSV management", [ServerAuthentication], san => AddNames(san, names));

    /// <summary>The manager's identity in the platform: what it shows to agents, as client and as server.</summary>
    public X509Certificate2 IssueManager(Id managerId, IEnumerable<string> names) =>
        IssueOwn($"CN=nSSV manager {managerId}", [ServerAuthentication, ClientAuthentication], san =>
        {
            AddNames(san, names);
            san.AddUri(new PlatformIdentity(PlatformId, PlatformIdentity.Manager, managerId).Uri);
        });

    public IssuedCertificate SignAgent(Id hostId, string certificateRequestPem)
    {
        var san = new SubjectAlternativeNameBuilder();
        san.AddUri(new PlatformIdentity(PlatformId, PlatformIdentity.Agent, hostId).Uri);
        var request = new CertificateRequest(new X500DistinguishedName($"CN=nSSV agent {hostId}"), ReadKey(certificateRequestPem), HashAlgorithmName.SHA256);
        using var certificate = Sign(request, [ServerAuthentication, ClientAuthentication], san);
        return new IssuedCertificate(certificate.ExportCertificatePem(), Pem, Fingerprint(certificate));
    }

    /// <summary>SHA-256 over the certificate, lower-case hex.</summary>
    public static string Fingerprint(X509Certificate2 certificate) => Convert.ToHexStringLower(SHA256.HashData(certificate.RawDataMemory.Span));

    /// <inheritdoc cref="PlatformTrust.HandshakePolicy"/>
    public X509ChainPolicy HandshakePolicy => _trust.HandshakePolicy;

    /// <summary>The identity that the certificate proves: signed by this authority, in date, of this platform and fit for the use; else null.</summary>
    public PlatformIdentity? Verify(X509Certificate2 certificate, bool asClient) => _trust.Verify(certificate, asClient);

    public void Dispose() => _authority.Dispose();

    /// <summary>The request's key after its signature was checked; whatever else it asks for is not read.</summary>
    private static PublicKey ReadKey(string pem)
    {
        if (pem.Length > LongestRequest)
            throw Refused("It is longer than 16 KiB.");
        PublicKey key;
        try
        {
            key = CertificateRequest.LoadSigningRequestPem(pem, HashAlgorithmName.SHA256).PublicKey;
        }
        catch (Exception e) when (e is CryptographicException or ArgumentException or NotSupportedException)
        {
            throw Refused("It is no PEM certificate request that is signed by its own key.", e);
        }
        using var ecdsa = key.GetECDsaPublicKey();
        return ecdsa is { KeySize: 256 or 384 } ? key : throw Refused("Its key is not ECDSA P-256 or P-384.");
    }

    private static ProblemException Refused(string detail, Exception? inner = null) =>
        new(Problems.Invalid("certificateRequestPem", detail, "Let the agent make its key and its request anew.", "invalid-certificate-request"), inner);

    private X509Certificate2 IssueOwn(string subject, IEnumerable<Oid> uses, Action<SubjectAlternativeNameBuilder> names)
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var san = new SubjectAlternativeNameBuilder();
        names(san);
        using var certificate = Sign(new CertificateRequest(subject, key, HashAlgorithmName.SHA256), uses, san);
        return certificate.CopyWithPrivateKey(key);
    }

    private X509Certificate2 Sign(CertificateRequest request, IEnumerable<Oid> uses, SubjectAlternativeNameBuilder san)
    {
        request.CertificateExtensions.Add(new X509BasicConstraintsExtension(certificateAuthority: false, hasPathLengthConstraint: false, pathLengthConstraint: 0, critical: true));
        request.CertificateExtensions.Add(new X509KeyUsageExtension(X509KeyUsageFlags.DigitalSignature, critical: true));
        request.CertificateExtensions.Add(new X509EnhancedKeyUsageExtension([.. uses], critical: false));
        request.CertificateExtensions.Add(X509AuthorityKeyIdentifierExtension.CreateFromCertificate(_authority, includeKeyIdentifier: true, includeIssuerAndSerial: false));
        request.CertificateExtensions.Add(new X509SubjectKeyIdentifierExtension(request.PublicKey, critical: false));
        request.CertificateExtensions.Add(san.Build());
        var now = _time.GetUtcNow();
        using var key = _authority.GetECDsaPrivateKey()!;
        return request.Create(_authority.SubjectName, X509SignatureGenerator.CreateForECDsa(key), now - ClockSkew, Earlier(now + Lifetime, _authority.NotAfter), NewSerial());
    }

    private static DateTimeOffset Earlier(DateTimeOffset left, DateTimeOffset right) => left < right ? left : right;

    /// <summary>127 random bits, positive and never zero (RFC 5280, 4.1.2.2).</summary>
    private static byte[] NewSerial()
    {
        var serial = RandomNumberGenerator.GetBytes(16);
        serial[0] = (byte)(serial[0] & 0x7f | 0x40);
        return serial;
    }

    private static void AddNames(SubjectAlternativeNameBuilder san, IEnumerable<string> names)
    {
        foreach (var name in names.Distinct(StringComparer.OrdinalIgnoreCase))
        {
            if (IPAddress.TryParse(name, out var address))
                san.AddIpAddress(address);
            else
                san.AddDnsName(name);
        }
    }
}
