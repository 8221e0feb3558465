using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace Nssv.Kernel.Trust;

/// <summary>Trusts one authority, the platform's own, and nothing that the machine trusts besides.</summary>
/// <param name="platformId">Null while it is not known yet (an agent that enrols): then a certificate of any platform of this authority counts.</param>
public sealed class PlatformTrust(X509Certificate2 authority, Id? platformId, TimeProvider time)
{
    private static readonly Oid ServerAuthentication = new("1.3.6.1.5.5.7.3.1");
    private static readonly Oid ClientAuthentication = new("1.3.6.1.5.5.7.3.2");

    /// <summary>For the chain that a handshake builds before anybody is asked: with the policy it has by itself, each would go through all roots of the machine.</summary>
    public X509ChainPolicy HandshakePolicy => new()
    {
        TrustMode = X509ChainTrustMode.CustomRootTrust,
        CustomTrustStore = { authority },
        RevocationMode = X509RevocationMode.NoCheck,
        DisableCertificateDownloads = true,
    };

    /// <summary>The identity that the certificate proves: signed by the authority, in date, of this platform, fit for the use; else null.</summary>
    public PlatformIdentity? Verify(X509Certificate2 certificate, bool asClient)
    {
        using var chain = new X509Chain();
        chain.ChainPolicy = HandshakePolicy;
        chain.ChainPolicy.VerificationTimeIgnored = false;
        chain.ChainPolicy.VerificationTime = time.GetUtcNow().UtcDateTime;
        chain.ChainPolicy.ApplicationPolicy.Add(asClient ? ClientAuthentication : ServerAuthentication);
        if (!chain.Build(certificate) || PlatformIdentity.Of(certificate) is not { } identity)
            return null;
        return platformId is null || identity.PlatformId == platformId ? identity : null;
    }
}
