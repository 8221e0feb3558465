using System.Net.WebSockets;

namespace Nssv.Agent.Http;

/// <summary>Carries bytes between a WebSocket (binary frames) and a console's stream until either side ends.</summary>
internal static class ConsoleBridge
{
    private const int BufferSize = 16 * 1024;
    private static readonly TimeSpan ClosingTime = TimeSpan.FromSeconds(5);

    public static async Task Run(WebSocket socket, Stream console, CancellationToken cancel)
    {
        using var ending = CancellationTokenSource.CreateLinkedTokenSource(cancel);
        var typed = ToConsole(socket, console, ending.Token);
        var shown = ToSocket(console, socket, ending.Token);
        await Task.WhenAny(typed, shown);
        if (!cancel.IsCancellationRequested && socket.State is WebSocketState.Open or WebSocketState.CloseReceived)
            await Close(socket);
        // The console ended first: cancelling now would cut the line before the viewer has read that it did.
        using (var patience = CancellationTokenSource.CreateLinkedTokenSource(cancel))
        {
            await Task.WhenAny(typed, Task.Delay(ClosingTime, patience.Token));
            await patience.CancelAsync();
        }
        await ending.CancelAsync();
        await Task.WhenAll(typed, shown);
    }

    private static async Task ToConsole(WebSocket socket, Stream console, CancellationToken cancel)
    {
        var buffer = new byte[BufferSize];
        try
        {
            while (true)
            {
                var frame = await socket.ReceiveAsync(buffer.AsMemory(), cancel);
                if (frame.MessageType == WebSocketMessageType.Close)
                    return;
                await console.WriteAsync(buffer.AsMemory(0, frame.Count), cancel);
                await console.FlushAsync(cancel);
            }
        }
        catch (Exception exception) when (IsEnd(exception))
        {
            // One side is gone.
        }
    }

    private static async Task ToSocket(Stream console, WebSocket socket, CancellationToken cancel)
    {
        var buffer = new byte[BufferSize];
        try
        {
            while (await console.ReadAsync(buffer, cancel) is var count && count > 0)
                await socket.SendAsync(buffer.AsMemory(0, count), WebSocketMessageType.Binary, endOfMessage: true, cancel);
        }
        catch (Exception exception) when (IsEnd(exception))
        {
            // One side is gone.
        }
    }

    private static async Task Close(WebSocket socket)
    {
        using var limit = new CancellationTokenSource(ClosingTime);
        try
        {
            await socket.CloseOutputAsync(WebSocketCloseStatus.NormalClosure, null, limit.Token);
        }
        catch (Exception exception) when (IsEnd(exception))
        {
            // It is gone, which is what was wanted.
        }
    }

    private static bool IsEnd(Exception exception) =>
        exception is WebSocketException or IOException or OperationCanceledException or ObjectDisposedException or InvalidOperationException or System.Net.Sockets.SocketException;
}
