using System.Security.Cryptography.X509Certificates;
using Nssv.Kernel.Trust;
using Nssv.Server.Certificates;

namespace Nssv.Server.Peers;

/// <summary>Which management node a certificate speaks for. Its signature was checked when the connection was made.</summary>
internal sealed class PeerIdentity(CertificateAuthority authority, TimeProvider time)
{
    public PeerNode? Find(X509Certificate2? certificate) =>
        certificate is not null && PlatformIdentity.Of(certificate) is { Role: PlatformIdentity.Manager } identity && identity.PlatformId == authority.PlatformId
            && certificate.NotAfter.ToUniversalTime() >= time.GetUtcNow().UtcDateTime
            ? new PeerNode(identity.Id)
            : null;
}

/// <summary>The management node that sends a request.</summary>
internal sealed record PeerNode(Id MemberId);
