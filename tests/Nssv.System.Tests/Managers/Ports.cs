using System.Net;
using System.Net.Sockets;

namespace Nssv.System.Tests.Managers;

/// <summary>Ports below those that connections take by themselves.</summary>
internal static class Ports
{
    public static int Free()
    {
        while (true)
        {
            var port = Random.Shared.Next(12_000, 19_999);
            using var listener = new TcpListener(IPAddress.Any, port);
            try
            {
                listener.Start();
                return port;
            }
            catch (SocketException)
            {
                // Taken: another one.
            }
        }
    }
}
