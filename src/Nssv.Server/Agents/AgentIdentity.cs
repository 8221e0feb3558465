using Microsoft.AspNetCore.Connections.Features;
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
    public async ValueTask<AgentHost?> Find(HttpContext http)
    {
        if (Shown(http) is not { } shown || shown.NotAfter < time.GetUtcNow().UtcDateTime)
            return null;
        var known = await store.Select("SELECT certificate_fingerprint, next_certificate_fingerprint FROM hosts WHERE id = @p0", [shown.HostId],
            row => (Current: row.IsDBNull(0) ? null : row.GetString(0), Next: row.IsDBNull(1) ? null : row.GetString(1)));
        var counts = known is [var host] && (host.Current == shown.Fingerprint || host.Next == shown.Fingerprint && await bus.Call(new AdoptCertificate(shown.HostId, shown.Fingerprint)));
        return counts ? new AgentHost(shown.HostId) : null;
    }

    /// <summary>What a connection's certificate says does not change while it is open: it is read once.</summary>
    private ShownCertificate? Shown(HttpContext http)
    {
        var connection = http.Features.Get<IConnectionItemsFeature>();
        if (connection?.Items.TryGetValue(typeof(ShownCertificate), out var known) == true)
            return known as ShownCertificate;
        var shown = http.Connection.ClientCertificate is { } certificate && PlatformIdentity.Of(certificate) is { Role: PlatformIdentity.Agent } identity && identity.PlatformId == authority.PlatformId
            ? new ShownCertificate(identity.Id, CertificateAuthority.Fingerprint(certificate), certificate.NotAfter.ToUniversalTime())
            : null;
        connection?.Items[typeof(ShownCertificate)] = shown;
        return shown;
    }

    private sealed record ShownCertificate(Id HostId, string Fingerprint, DateTime NotAfter);
}

/// <summary>The host whose agent sends a request.</summary>
internal sealed record AgentHost(Id HostId);
