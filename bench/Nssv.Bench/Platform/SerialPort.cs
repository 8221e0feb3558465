using System.Net.Sockets;

namespace Nssv.Bench.Platform;

/// <summary>The guest's first serial port, which QEMU offers on a unix socket.</summary>
internal static class SerialPort
{
    private static readonly byte[] Ready = "MICRO-READY"u8.ToArray();

    /// <summary>Returns when the guest says that it is ready. May be called before the socket is there.</summary>
    public static async Task UntilReady(string path)
    {
        using var limit = new CancellationTokenSource(TimeSpan.FromMinutes(2));
        using var socket = await Connect(path, limit.Token);
        var seen = new byte[64 * 1024];
        var filled = 0;
        while (true)
        {
            var count = await socket.ReceiveAsync(seen.AsMemory(filled), limit.Token);
            if (count == 0)
                throw new InvalidOperationException($"The console at {path} ended before the guest was ready.");
            filled += count;
            if (seen.AsSpan(0, filled).IndexOf(Ready) >= 0)
                return;
            if (filled > seen.Length / 2)
            {
                // What is looked for may lie across the edge.
                seen.AsSpan(filled - Ready.Length, Ready.Length).CopyTo(seen);
                filled = Ready.Length;
            }
        }
    }

    private static async Task<Socket> Connect(string path, CancellationToken cancel)
    {
        while (true)
        {
            var socket = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
            try
            {
                await socket.ConnectAsync(new UnixDomainSocketEndPoint(path), cancel);
                return socket;
            }
            catch (SocketException)
            {
                socket.Dispose();
                await Task.Delay(2, cancel);
            }
        }
    }
}
