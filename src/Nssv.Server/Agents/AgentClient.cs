using System.Collections.Concurrent;
using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using System.Security.Cryptography.X509Certificates;
using Nssv.Kernel.Agents;
using Nssv.Kernel.Data;
using Nssv.Kernel.Events;
using Nssv.Kernel.Trust;
using Nssv.Server.Certificates;

namespace Nssv.Server.Agents;

/// <summary>
/// The connections to the hosts' agents: one a host, HTTP/2, TLS on both sides. An agent is who its certificate says (issued by the platform's authority,
/// for exactly this host), whatever name or address it is reached under. The connection to a removed host ends with its row.
/// </summary>
internal sealed class AgentClient(CertificateAuthority authority, X509Certificate2 manager, IStore store) : IEventObserver, IDisposable
{
    /// <summary>Made once: each handshake would else build the chain anew, and OpenSSL's context with it.</summary>
    private readonly SslStreamCertificateContext _own = SslStreamCertificateContext.Create(manager, additionalCertificates: null, offline: true);

    private static readonly TimeSpan ConnectTimeout = TimeSpan.FromSeconds(5);
    private readonly ConcurrentDictionary<Id, HttpMessageInvoker> _invokers = new();

    /// <summary>What sends to this host; shared, not to be disposed.</summary>
    public HttpMessageInvoker Of(Id hostId) => _invokers.GetOrAdd(hostId, id => new HttpMessageInvoker(Handler(id)));

    /// <summary>Address of something on the host's agent.</summary>
    /// <exception cref="HostUnreachableException">The host is gone, or its agent has never come.</exception>
    public async ValueTask<Uri> Url(Id hostId, string path)
    {
        var host = await store.Find<Nssv.Contracts.Inventory.Host>(hostId) ?? throw new HostUnreachableException(hostId, $"There is no host {hostId} any more.");
        return Uri.TryCreate(host.AgentUrl, UriKind.Absolute, out var url) && url.Scheme == Uri.UriSchemeHttps
            ? new Uri(url, path)
            : throw new HostUnreachableException(hostId, $"The agent of host {host.Name} has not enrolled yet.");
    }

    void IEventObserver.Committed(IReadOnlyList<Event> events)
    {
        foreach (var removed in events)
        {
            if (removed.Type == "host.deleted" && _invokers.TryRemove(removed.ResourceId, out var invoker))
                invoker.Dispose();
        }
    }

    public void Dispose()
    {
        foreach (var invoker in _invokers.Values)
            invoker.Dispose();
    }

    private static async ValueTask<Stream> Connect(SocketsHttpConnectionContext context, CancellationToken cancel)
    {
        var socket = new Socket(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        try
        {
            TcpLiveness.Watch(socket);
            await socket.ConnectAsync(context.DnsEndPoint, cancel);
            return new NetworkStream(socket, ownsSocket: true);
        }
        catch
        {
            socket.Dispose();
            throw;
        }
    }

    private SocketsHttpHandler Handler(Id hostId) => new()
    {
        ConnectTimeout = ConnectTimeout,
        UseProxy = false,
        UseCookies = false,
        AllowAutoRedirect = false,
        AutomaticDecompression = DecompressionMethods.None,
        EnableMultipleHttp2Connections = false,
        ConnectCallback = Connect,
        // Most hosts have nothing to do most of the time, and tell by their own connection that they live.
        PooledConnectionIdleTimeout = TimeSpan.FromSeconds(30),
        SslOptions = new SslClientAuthenticationOptions
        {
            ClientCertificateContext = _own,
            CertificateChainPolicy = authority.HandshakePolicy,
            RemoteCertificateValidationCallback = (_, certificate, _, _) =>
                certificate is X509Certificate2 presented && authority.Verify(presented, asClient: false) is { Role: PlatformIdentity.Agent } identity && identity.Id == hostId,
        },
    };
}
