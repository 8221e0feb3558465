using System.Net.WebSockets;
using System.Runtime.InteropServices;

namespace Nssv.Cli.Commands.Vm;

/// <summary>A person at a serial console: every key goes to the guest but Ctrl-], which leaves. The terminal is as before afterwards, whatever happens.</summary>
internal sealed class InteractiveConsole(WebSocket socket, CliEnvironment environment)
{
    /// <summary>Ctrl-].</summary>
    public const byte DetachKey = 0x1D;

    public async Task Run(string name, CancellationToken cancellation)
    {
        environment.Error.WriteLine($"Connected to the console of {Output.Printable.Of(name)}. Press Ctrl-] to leave.");
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        using var terminal = RawTerminal.Enter();
        using var hangUp = PosixSignalRegistration.Create(PosixSignal.SIGHUP, Leave);
        using var terminate = PosixSignalRegistration.Create(PosixSignal.SIGTERM, Leave);
        var receiving = Receive(stop.Token);
        var sending = Send(terminal, stop.Token);
        var first = await Task.WhenAny(receiving, sending);
        await stop.CancelAsync();
        terminal.Dispose();
        environment.Error.WriteLine();
        environment.Error.WriteLine(first == sending ? "Left the console." : "The console was closed.");
        try
        {
            await first;
        }
        catch (OperationCanceledException)
        {
            // Told to leave by a signal.
        }

        void Leave(PosixSignalContext signal)
        {
            signal.Cancel = true;
            stop.Cancel();
        }
    }

    // Reads happen on a thread of their own: a read of a terminal cannot be cancelled, and the process may end during it.
    private Task Send(RawTerminal terminal, CancellationToken cancellation) => Task.Factory.StartNew(
        () =>
        {
            var buffer = new byte[1024];
            while (!cancellation.IsCancellationRequested)
            {
                var read = terminal.Read(buffer);
                var end = buffer.AsSpan(0, read).IndexOf(DetachKey);
                var keys = buffer.AsMemory(0, end < 0 ? read : end);
                if (keys.Length > 0)
                {
                    socket.SendAsync(keys, WebSocketMessageType.Binary, endOfMessage: true, cancellation).AsTask().GetAwaiter().GetResult();
                }

                if (end >= 0 || read == 0)
                {
                    return;
                }
            }
        },
        cancellation,
        TaskCreationOptions.LongRunning,
        TaskScheduler.Default);

    private async Task Receive(CancellationToken cancellation)
    {
        await using var output = Console.OpenStandardOutput();
        var buffer = new byte[16 * 1024];
        while (true)
        {
            var part = await socket.ReceiveAsync(buffer.AsMemory(), cancellation);
            if (part.MessageType == WebSocketMessageType.Close)
            {
                return;
            }

            await output.WriteAsync(buffer.AsMemory(0, part.Count), cancellation);
            await output.FlushAsync(cancellation);
        }
    }
}
