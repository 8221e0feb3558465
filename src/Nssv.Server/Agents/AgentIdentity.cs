using System.Security.Cryptography.X509Certificates;
using Nssv.Contracts.Inventory;
using Nssv.Kernel.Calls;
using Nssv.Kernel.Data;
using Nssv.Kernel.Trust;
using Nssv.Server.Certificates;

namespace Nssv.Server.Agents;

/// <summary>
/// Which host an agent's certificate speaks for. Its signature was checked when the connection was made; here the host's row must know this very certificate:
/// that of a removed host, or of one that enrolled anew, is good no longer, also on a connection that is still open. A renewed one takes the place of the one
/// before when it is first shown.
/// </summary>
internal sealed class AgentIdentity(CertificateAuthority authority, IStore store, IBus bus, TimeProvider time)
{
    public async ValueTask<AgentHost?> Find(X509Certificate2? certificate)
    {
        if (certificate is null || PlatformIdentity.Of(certificate) is not { Role: PlatformIdentity.Agent } identity || identity.PlatformId != authority.PlatformId)
            return null;
        if (certificate.NotAfter.ToUniversalTime() < time.GetUtcNow().UtcDateTime)
            return null;
        var host = await store.Find<Nssv.Contracts.Inventory.Host>(identity.Id);
        var shown = CertificateAuthority.Fingerprint(certificate);
        var counts = host is not null && (host.CertificateFingerprint == shown || host.NextCertificateFingerprint == shown && await bus.Call(new AdoptCertificate(host.Id, shown)));
        return counts ? new AgentHost(identity.Id) : null;
    }
}

/// <summary>The host whose agent sends a request.</summary>
internal sealed record AgentHost(Id HostId);
