using System.Net.WebSockets;

namespace Nssv.Cli.Commands.Vm;

/// <summary>Connects a console with two streams: input is sent until its end, output is copied until the console closes or falls silent.</summary>
internal sealed class PipedConsole(WebSocket socket, Stream input, Stream output, TimeProvider time)
{
    private long lastOutput = time.GetTimestamp();

    /// <param name="silence">After the end of the input: how long the console must be silent; null to go on until it closes.</param>
    /// <param name="cancellation">Leaves the console.</param>
    public async Task Run(TimeSpan? silence, CancellationToken cancellation)
    {
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        var receiving = Receive(stop.Token);
        var sending = Send(stop.Token);
        await Task.WhenAny(receiving, sending);
        if (!receiving.IsCompleted)
        {
            await sending;
            Interlocked.Exchange(ref lastOutput, time.GetTimestamp());
            await SilenceOrEnd(receiving, silence, stop.Token);
        }

        await stop.CancelAsync();
        await Quietly(receiving);
        await output.FlushAsync(CancellationToken.None);
        cancellation.ThrowIfCancellationRequested();
    }

    private async Task SilenceOrEnd(Task receiving, TimeSpan? silence, CancellationToken cancellation)
    {
        while (!receiving.IsCompleted)
        {
            var quiet = time.GetElapsedTime(Interlocked.Read(ref lastOutput));
            if (silence is { } enough && quiet >= enough)
            {
                return;
            }

            await Task.WhenAny(receiving, Task.Delay(silence - quiet ?? Timeout.InfiniteTimeSpan, time, cancellation));
            cancellation.ThrowIfCancellationRequested();
        }
    }

    private async Task Send(CancellationToken cancellation)
    {
        var buffer = new byte[4096];
        int read;
        while ((read = await input.ReadAsync(buffer, cancellation)) > 0)
        {
            await socket.SendAsync(buffer.AsMemory(0, read), WebSocketMessageType.Binary, endOfMessage: true, cancellation);
        }
    }

    private async Task Receive(CancellationToken cancellation)
    {
        var buffer = new byte[16 * 1024];
        while (true)
        {
            var part = await socket.ReceiveAsync(buffer.AsMemory(), cancellation);
            if (part.MessageType == WebSocketMessageType.Close)
            {
                return;
            }

            Interlocked.Exchange(ref lastOutput, time.GetTimestamp());
            await output.WriteAsync(buffer.AsMemory(0, part.Count), cancellation);
            await output.FlushAsync(cancellation);
        }
    }

    private static async Task Quietly(Task task)
    {
        try
        {
            await task;
        }
        catch (OperationCanceledException)
        {
            // Asked to stop.
        }
    }
}
