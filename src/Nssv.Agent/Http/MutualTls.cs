using System.Net;
using System.Net.Security;
using System.Security.Authentication;
using System.Security.Cryptography.X509Certificates;
using Nssv.Kernel.Trust;

namespace Nssv.Agent.Http;

/// <summary>
/// TLS with certificates on both sides. Whoever is talked to is who its certificate says, whatever name or address it is reached under, so a name that leads
/// elsewhere leads nowhere.
/// </summary>
internal sealed class MutualTls(X509Certificate2 own, PlatformTrust trust)
{
    /// <summary>Made once: each handshake would else build the chain anew, and OpenSSL's context with it.</summary>
    private volatile SslStreamCertificateContext _own = Context(own);

    /// <summary>Shows this certificate from the next handshake on; a handler that was made before keeps the one it has.</summary>
    public void Use(X509Certificate2 renewed) => _own = Context(renewed);

    /// <summary>A handler that speaks to holders of <paramref name="role"/> only.</summary>
    public SocketsHttpHandler Handler(string role) => new()
    {
        // With the handshake, which waits its turn when many hosts come back at once: giving up and beginning anew would only make the queue longer.
        ConnectTimeout = TimeSpan.FromSeconds(15),
        UseProxy = false,
        UseCookies = false,
        AllowAutoRedirect = false,
        AutomaticDecompression = DecompressionMethods.None,
        KeepAlivePingDelay = TimeSpan.FromSeconds(20),
        KeepAlivePingTimeout = TimeSpan.FromSeconds(10),
        PooledConnectionIdleTimeout = TimeSpan.FromMinutes(5),
        SslOptions = new SslClientAuthenticationOptions
        {
            ClientCertificateContext = _own,
            CertificateChainPolicy = trust.HandshakePolicy,
            RemoteCertificateValidationCallback = (_, certificate, _, _) => certificate is X509Certificate2 shown && trust.Verify(shown, asClient: false)?.Role == role,
        },
    };

    /// <summary>The server's side: nobody without a certificate of the platform gets past the handshake.</summary>
    public SslServerAuthenticationOptions ServerOptions() => new()
    {
        ServerCertificateContext = _own,
        ClientCertificateRequired = true,
        EnabledSslProtocols = SslProtocols.Tls12 | SslProtocols.Tls13,
        CertificateChainPolicy = trust.HandshakePolicy,
        RemoteCertificateValidationCallback = (_, certificate, _, _) => certificate is X509Certificate2 shown && trust.Verify(shown, asClient: true) is not null,
        ApplicationProtocols = [SslApplicationProtocol.Http2, SslApplicationProtocol.Http11],
    };

    private static SslStreamCertificateContext Context(X509Certificate2 certificate) => SslStreamCertificateContext.Create(certificate, additionalCertificates: null, offline: true);
}
