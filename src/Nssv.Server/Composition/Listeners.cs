using System.Net;
using System.Security.Authentication;
using System.Security.Cryptography.X509Certificates;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.AspNetCore.Server.Kestrel.Https;
using Nssv.Kernel.Trust;
using Nssv.Server.Certificates;
using Nssv.Server.Http;

namespace Nssv.Server.Composition;

/// <summary>The ports: HTTPS for people, HTTPS with client certificates for agents and the other management nodes, and, if switched on, HTTP that only redirects.</summary>
internal static class Listeners
{
    public static void Configure(KestrelServerOptions kestrel, ServerSettings settings, X509Certificate2 people, X509Certificate2 manager, CertificateAuthority authority)
    {
        kestrel.AddServerHeader = false;
        kestrel.Limits.MaxRequestBodySize = RequestBody.Limit;
        Listen(kestrel, settings.Listen, settings.HttpsPort, listen =>
        {
            Mark(listen, Listener.People);
            listen.UseHttps(new HttpsConnectionAdapterOptions { ServerCertificate = people, SslProtocols = Protocols });
        });
        Listen(kestrel, settings.Listen, settings.AgentApiPort, listen =>
        {
            Mark(listen, Listener.Agents);
            listen.UseHttps(new HttpsConnectionAdapterOptions
            {
                ServerCertificate = manager,
                SslProtocols = Protocols,
                ClientCertificateMode = ClientCertificateMode.AllowCertificate,
                CheckCertificateRevocation = false,
                OnAuthenticate = (_, tls) => tls.CertificateChainPolicy = authority.HandshakePolicy,
                ClientCertificateValidation = (certificate, _, _) => authority.Verify(certificate, asClient: true) is { Role: PlatformIdentity.Agent or PlatformIdentity.Manager },
            });
        });
        if (settings.HttpPort is { } http)
        {
            Listen(kestrel, settings.Listen, http, listen =>
            {
                listen.Protocols = HttpProtocols.Http1;
                Mark(listen, Listener.Redirect);
            });
        }
    }

    /// <summary>Sends plain HTTP to HTTPS and serves nothing else on it (RFC 9110, 15.4.9: the method stays).</summary>
    public static void UseRedirect(this WebApplication app, int httpsPort) => app.Use(next => http =>
    {
        if (http.Features.Get<ListenerFeature>()?.Listener != Listener.Redirect)
            return next(http);
        var host = httpsPort == ServerSettings.DefaultHttpsPort ? new HostString(http.Request.Host.Host) : new HostString(http.Request.Host.Host, httpsPort);
        http.Response.StatusCode = host.HasValue ? StatusCodes.Status308PermanentRedirect : StatusCodes.Status400BadRequest;
        if (host.HasValue)
            http.Response.Headers.Location = $"https://{host.ToUriComponent()}{http.Request.Path.ToUriComponent()}{http.Request.QueryString.ToUriComponent()}";
        return Task.CompletedTask;
    });

    private const SslProtocols Protocols = SslProtocols.Tls12 | SslProtocols.Tls13;

    private static void Listen(KestrelServerOptions kestrel, IPAddress? address, int port, Action<ListenOptions> configure)
    {
        if (address is null)
            kestrel.ListenAnyIP(port, configure);
        else
            kestrel.Listen(address, port, configure);
    }

    /// <summary>What a client says about the port (its Host header) counts for nothing: the connection itself knows.</summary>
    private static void Mark(ListenOptions listen, Listener listener) => listen.Use(next => connection =>
    {
        connection.Features.Set(new ListenerFeature(listener));
        return next(connection);
    });
}
