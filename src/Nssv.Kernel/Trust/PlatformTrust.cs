using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace Nssv.Kernel.Trust;

/// <summary>Trusts one authority, the platform's own, and nothing that the machine trusts besides.</summary>
/// <param name="platformId">Null while it is not known yet (an agent that enrols): then a certificate of any platform of this authority counts.</param>
public sealed class PlatformTrust(X509Certificate2 authority, Id? platformId, TimeProvider time)
{
    private static readonly Oid ServerAuthentication = new("1.3.6.1.5.5.7.3.1");
    private static readonly Oid ClientAuthentication = new("1.3.6.1.5.5.7.3.2");

    /// <summary>The identity that the certificate proves: signed by the authority, in date, of this platform, fit for the use; else null.</summary>
    public PlatformIdentity? Verify(X509Certificate2 certificate, bool asClient)
    {
        using var chain = new X509Chain();
        chain.ChainPolicy.TrustMode = X509ChainTrustMode.CustomRootTrust;
        chain.ChainPolicy.CustomTrustStore.Add(authority);
        chain.ChainPolicy.RevocationMode = X509RevocationMode.NoCheck;
        chain.ChainPolicy.DisableCertificateDownloads = true;
        chain.ChainPolicy.VerificationTimeIgnored = false;
        chain.ChainPolicy.VerificationTime = time.GetUtcNow().UtcDateTime;
        chain.ChainPolicy.ApplicationPolicy.Add(asClient ? ClientAuthentication : ServerAuthentication);
        if (!chain.Build(certificate) || PlatformIdentity.Of(certificate) is not { } identity)
            return null;
        return platformId is null || identity.PlatformId == platformId ? identity : null;
    }
}
