using System.Collections.Concurrent;
using System.Net;
using System.Net.Security;
using System.Security.Cryptography.X509Certificates;
using Nssv.Kernel.Trust;
using Nssv.Server.Certificates;

namespace Nssv.Server.Peers;

/// <summary>
/// The connections to the other management nodes: one a node, HTTP/2, TLS on both sides. A node is who its certificate says (issued by the platform's
/// authority, for exactly this member), whatever name or address it is reached under.
/// </summary>
internal sealed class PeerClient(CertificateAuthority authority, X509Certificate2 manager) : IDisposable
{
    /// <summary>Made once: each handshake would else build the chain anew, and OpenSSL's context with it.</summary>
    private readonly SslStreamCertificateContext _own = SslStreamCertificateContext.Create(manager, additionalCertificates: null, offline: true);

    private static readonly TimeSpan ConnectTimeout = TimeSpan.FromSeconds(2);
    private readonly ConcurrentDictionary<Id, HttpMessageInvoker> _invokers = new();

    /// <summary>What sends to this member; shared, not to be disposed.</summary>
    public HttpMessageInvoker Of(Id memberId) => _invokers.GetOrAdd(memberId, id => new HttpMessageInvoker(Handler(id)));

    public void Dispose()
    {
        foreach (var invoker in _invokers.Values)
            invoker.Dispose();
    }

    private SocketsHttpHandler Handler(Id memberId) => new()
    {
        ConnectTimeout = ConnectTimeout,
        UseProxy = false,
        UseCookies = false,
        AllowAutoRedirect = false,
        AutomaticDecompression = DecompressionMethods.None,
        // A second one only while the first has as many requests under way as it takes: bells must not wait behind calls that wait for a shard.
        EnableMultipleHttp2Connections = true,
        KeepAlivePingDelay = TimeSpan.FromSeconds(5),
        KeepAlivePingTimeout = TimeSpan.FromSeconds(3),
        PooledConnectionIdleTimeout = TimeSpan.FromMinutes(5),
        SslOptions = new SslClientAuthenticationOptions
        {
            ClientCertificateContext = _own,
            CertificateChainPolicy = authority.HandshakePolicy,
            RemoteCertificateValidationCallback = (_, certificate, _, _) =>
                certificate is X509Certificate2 presented && authority.Verify(presented, asClient: false) is { Role: PlatformIdentity.Manager } identity && identity.Id == memberId,
        },
    };
}
