using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using System.Security.Cryptography.X509Certificates;
using System.Text;

namespace Nssv.Bench.Load;

/// <summary>
/// One kept connection of HTTP/1.1 over TLS (RFC 9112) that sends bytes made beforehand and looks at little of the answer: on the cores that it shares with
/// the server, a client as costly as the server would be measured instead of it.
/// </summary>
internal sealed class TlsConnection : IDisposable
{
    private readonly Socket _socket;
    private readonly SslStream _stream;
    private byte[] _buffer = new byte[32 * 1024];

    private TlsConnection(Socket socket, SslStream stream) => (_socket, _stream) = (socket, stream);

    /// <summary>Body of the last answer, until the next one.</summary>
    public ReadOnlyMemory<byte> Body { get; private set; }

    public static async Task<TlsConnection> Open(int port, X509Certificate2 authority)
    {
        var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        await socket.ConnectAsync(IPAddress.Loopback, port);
        var stream = new SslStream(new NetworkStream(socket, ownsSocket: true));
        await stream.AuthenticateAsClientAsync(new SslClientAuthenticationOptions
        {
            TargetHost = "localhost",
            ApplicationProtocols = [SslApplicationProtocol.Http11],
            CertificateChainPolicy = new X509ChainPolicy { TrustMode = X509ChainTrustMode.CustomRootTrust, RevocationMode = X509RevocationMode.NoCheck, CustomTrustStore = { authority } },
        });
        return new(socket, stream);
    }

    /// <summary>A request's bytes.</summary>
    public static byte[] Request(string method, string path, string? token, string? body = null, string? headers = null)
    {
        var text = new StringBuilder($"{method} {path} HTTP/1.1\r\nHost: localhost\r\nAccept: application/json\r\n");
        if (token is not null)
            text.Append("Authorization: Bearer ").Append(token).Append("\r\n");
        text.Append(headers);
        if (body is not null)
            text.Append($"Content-Type: application/json\r\nContent-Length: {Encoding.UTF8.GetByteCount(body)}\r\n");
        return Encoding.UTF8.GetBytes(text.Append("\r\n").Append(body).ToString());
    }

    /// <returns>The status.</returns>
    public async ValueTask<int> Exchange(ReadOnlyMemory<byte> request)
    {
        await _stream.WriteAsync(request);
        var filled = 0;
        int end;
        while ((end = _buffer.AsSpan(0, filled).IndexOf("\r\n\r\n"u8)) < 0)
            filled += await Read(filled);
        var (status, length) = Head(_buffer.AsSpan(0, end + 2));
        var whole = end + 4 + length;
        if (whole > _buffer.Length)
            Array.Resize(ref _buffer, whole * 2);
        while (filled < whole)
            filled += await Read(filled);
        Body = _buffer.AsMemory(end + 4, length);
        return status;
    }

    private async ValueTask<int> Read(int at)
    {
        var count = await _stream.ReadAsync(_buffer.AsMemory(at));
        return count > 0 ? count : throw new IOException("The server closed the connection.");
    }

    private static (int Status, int Length) Head(ReadOnlySpan<byte> head)
    {
        var status = int.Parse(head.Slice("HTTP/1.1 ".Length, 3), System.Globalization.CultureInfo.InvariantCulture);
        var at = head.IndexOf("Content-Length: "u8);
        if (at < 0)
            return status is 204 or 304 ? (status, 0) : throw new InvalidDataException("The answer does not say how long it is.");
        var number = head[(at + "Content-Length: ".Length)..];
        return (status, int.Parse(number[..number.IndexOf((byte)'\r')], System.Globalization.CultureInfo.InvariantCulture));
    }

    public void Dispose()
    {
        _stream.Dispose();
        _socket.Dispose();
    }
}
