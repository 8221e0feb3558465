using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.AspNetCore.Server.Kestrel.Https;
using Microsoft.AspNetCore.Server.Kestrel.Transport.Sockets;
using Nssv.Agent.Protocol;
using Nssv.Kernel.Agents;

namespace Nssv.Agent.Http;

/// <summary>Kestrel as the agent needs it: one port, HTTP/2 (1.1 for consoles), both sides with certificates of the platform.</summary>
internal static class AgentServer
{
    private static readonly TimeSpan HandshakeLimit = TimeSpan.FromSeconds(10);

    /// <param name="port">0 takes a free one; the application's Urls tell which.</param>
    public static WebApplication Build(MutualTls tls, IPAddress? address, int port, AgentCore core, IHostEngine engine, Action<ILoggingBuilder> logging)
    {
        var served = ServedAgent.Of(core, engine);
        return Build(address, port, _ => { }, _ => ValueTask.FromResult(tls.ServerOptions()), _ => ValueTask.FromResult(served), logging);
    }

    /// <summary>The same for any number of agents behind one port.</summary>
    /// <param name="onListen">Sees each connection before its handshake.</param>
    /// <param name="tls">Whose certificate the connection is shown.</param>
    /// <param name="served">To which agent it leads.</param>
    public static WebApplication Build(
        IPAddress? address, int port, Action<ListenOptions> onListen, Func<TlsHandshakeCallbackContext, ValueTask<SslServerAuthenticationOptions>> tls,
        Func<HttpContext, ValueTask<ServedAgent>> served, Action<ILoggingBuilder> logging)
    {
        var builder = WebApplication.CreateEmptyBuilder(new());
        logging(builder.Logging);
        builder.WebHost.UseKestrelCore().UseSockets(sockets => sockets.CreateBoundListenSocket = Bound).UseKestrelHttpsConfiguration().ConfigureKestrel(kestrel =>
        {
            kestrel.AddServerHeader = false;
            // Everybody here holds a certificate of the platform; uploads may be as slow as the person's line.
            kestrel.Limits.MinRequestBodyDataRate = null;
            kestrel.Limits.MinResponseDataRate = null;
            kestrel.Limits.Http2.InitialStreamWindowSize = 1 << 20;
            kestrel.Limits.Http2.InitialConnectionWindowSize = 1 << 21;
            void Listen(ListenOptions listen)
            {
                listen.Protocols = HttpProtocols.Http1AndHttp2;
                onListen(listen);
                listen.UseHttps(new TlsHandshakeCallbackOptions
                {
                    OnConnection = tls,
                    HandshakeTimeout = HandshakeLimit,
                });
            }
            if (address is null)
                kestrel.ListenAnyIP(port, Listen);
            else
                kestrel.Listen(address, port, Listen);
        });
        builder.Services.AddRoutingCore();
        builder.Services.Configure<HostOptions>(options => options.ShutdownTimeout = TimeSpan.FromSeconds(10));
        var app = builder.Build();
        var logger = app.Services.GetRequiredService<ILoggerFactory>().CreateLogger("Nssv.Agent.Http");
        app.UseRouting();
        app.Use(async (http, next) => await Answers.Guard(http, next, logger));
        app.UseWebSockets();
        new AgentEndpoints(served, app.Lifetime.ApplicationStopping).Map(app);
        return app;
    }

    private static Socket Bound(EndPoint endpoint)
    {
        var socket = SocketTransportOptions.CreateDefaultBoundListenSocket(endpoint);
        TcpLiveness.Watch(socket);
        return socket;
    }
}
