using System.Collections.Concurrent;
using System.Net;
using System.Net.Security;
using System.Security.Authentication;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.AspNetCore.Server.Kestrel.Https;
using Nssv.Agent.Http;
using Nssv.Agent.Protocol;
using Nssv.Kernel;

namespace Nssv.Simulator.Fleet;

/// <summary>
/// Many simulated hosts behind one listener on every local address: each has an address of its own in 127.0.0.0/8, by which the listener knows whose
/// certificate to show and whose agent answers.
/// </summary>
internal sealed class HostFleet : IAsyncDisposable
{
    /// <summary>Starts and stops at once; more would only wait for the processor.</summary>
    private const int Together = 64;

    private readonly ConcurrentDictionary<IPAddress, FleetHost> _byAddress = new();
    private readonly WebApplication _app;

    public HostFleet(int port, Action<ILoggingBuilder> logging) =>
        _app = AgentServer.Build(IPAddress.Any, port, Listen, ShowCertificate, Serve, logging);

    public IEnumerable<FleetHost> Hosts => _byAddress.Values;

    public int Count => _byAddress.Count;

    public Task Open() => _app.StartAsync();

    public void Add(FleetHost host)
    {
        if (!_byAddress.TryAdd(IPAddress.Parse(host.Identity.Address), host))
            throw new InvalidOperationException($"Two hosts have the address {host.Identity.Address}.");
    }

    public void Remove(FleetHost host)
    {
        _byAddress.TryRemove(IPAddress.Parse(host.Identity.Address), out _);
        host.Dispose();
    }

    public FleetHost? Find(string name) => Hosts.FirstOrDefault(host => host.Identity.Name == name);

    /// <summary>Starts all agents that do not run.</summary>
    public Task Start(CancellationToken cancel) =>
        Parallel.ForEachAsync(Hosts.Where(host => !host.IsRunning), new ParallelOptions { MaxDegreeOfParallelism = Together, CancellationToken = cancel }, async (host, _) => await host.Start());

    /// <summary>Ends all agents in order.</summary>
    public Task Stop() => Parallel.ForEachAsync(Hosts, new ParallelOptions { MaxDegreeOfParallelism = Together }, async (host, _) => await host.Stop());

    public async ValueTask DisposeAsync()
    {
        foreach (var host in Hosts)
            host.Dispose();
        await _app.DisposeAsync();
    }

    /// <summary>Before the handshake: a host whose agent does not run takes no connection, and one that dies takes its connections along.</summary>
    private void Listen(ListenOptions listen) => listen.Use(next => async connection =>
    {
        if (Find(connection.LocalEndPoint) is not { } host || !host.Connected(connection))
        {
            connection.Abort();
            return;
        }
        try
        {
            await next(connection);
        }
        finally
        {
            host.Disconnected(connection);
        }
    });

    private async ValueTask<SslServerAuthenticationOptions> ShowCertificate(TlsHandshakeCallbackContext handshake)
    {
        var host = Find(handshake.Connection.LocalEndPoint) ?? throw new AuthenticationException("There is no host at this address.");
        await host.Audible(handshake.CancellationToken);
        return host.ServerOptions;
    }

    private ValueTask<ServedAgent> Serve(HttpContext http) =>
        http.Connection.LocalIpAddress is { } address && _byAddress.TryGetValue(address, out var host)
            ? host.Served(http.RequestAborted)
            : throw AgentProblems.Stopping().AsException();

    private FleetHost? Find(EndPoint? local) => local is IPEndPoint { Address: var address } ? _byAddress.GetValueOrDefault(address) : null;
}
