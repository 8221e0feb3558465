using System.Net.Sockets;

namespace Nssv.Kernel.Agents;

/// <summary>
/// Lets the system find out whether the other side of a connection is still there (tcp(7)). Pings of HTTP/2 would do the same with a timer and two messages for
/// each of thousands of hosts, all the time.
/// </summary>
public static class TcpLiveness
{
    private const int IdleSeconds = 15, ProbeSeconds = 5, Probes = 3, UnansweredMilliseconds = 15_000;
    private const int TcpLevel = 6, TcpUserTimeout = 18;

    /// <summary>A connection whose other side has gone without a word ends within 30 s. On a listening socket it holds for what it accepts.</summary>
    public static void Watch(Socket socket)
    {
        socket.SetSocketOption(SocketOptionLevel.Socket, SocketOptionName.KeepAlive, true);
        socket.SetSocketOption(SocketOptionLevel.Tcp, SocketOptionName.TcpKeepAliveTime, IdleSeconds);
        socket.SetSocketOption(SocketOptionLevel.Tcp, SocketOptionName.TcpKeepAliveInterval, ProbeSeconds);
        socket.SetSocketOption(SocketOptionLevel.Tcp, SocketOptionName.TcpKeepAliveRetryCount, Probes);
        socket.SetRawSocketOption(TcpLevel, TcpUserTimeout, BitConverter.GetBytes(UnansweredMilliseconds));
    }
}
