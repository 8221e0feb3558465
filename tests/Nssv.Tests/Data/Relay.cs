using System.Net;
using System.Net.Sockets;

namespace Nssv.Tests.Data;

/// <summary>A wire between client and server that can be cut: the client sees its connection break, the server does not.</summary>
internal sealed class Relay : IDisposable
{
    private readonly TcpListener _listener = new(IPAddress.Loopback, 0);
    private readonly List<TcpClient> _clients = [];
    private readonly List<TcpClient> _servers = [];
    private readonly int _target;

    public Relay(int target)
    {
        _target = target;
        _listener.Start();
        _ = Accept();
    }

    public int Port => ((IPEndPoint)_listener.LocalEndpoint).Port;

    /// <summary>Breaks what is connected; new connections are taken.</summary>
    public void Cut()
    {
        lock (_clients)
        {
            _clients.ForEach(client => client.Client.Close(0));
            _clients.Clear();
        }
    }

    private async Task Accept()
    {
        try
        {
            while (true)
            {
                var client = await _listener.AcceptTcpClientAsync();
                var server = new TcpClient();
                await server.ConnectAsync(IPAddress.Loopback, _target);
                lock (_clients)
                {
                    _clients.Add(client);
                    _servers.Add(server);
                }
                _ = Copy(client.GetStream(), server.GetStream());
                _ = Copy(server.GetStream(), client.GetStream());
            }
        }
        catch (Exception error) when (error is SocketException or ObjectDisposedException)
        {
            // The test is over.
        }
    }

    private static async Task Copy(Stream from, Stream to)
    {
        try
        {
            await from.CopyToAsync(to);
        }
        catch (Exception error) when (error is IOException or ObjectDisposedException)
        {
            // Cut.
        }
    }

    public void Dispose()
    {
        _listener.Dispose();
        Cut();
        lock (_clients)
            _servers.ForEach(server => server.Dispose());
    }
}
