using System.Net.Sockets;
using System.Text.Json;
using Nssv.Kernel;

namespace Nssv.Simulator.Fleet;

/// <summary>
/// A unix socket by which tests and people make things happen: one line in, one line of JSON out. <c>kill HOST</c>, <c>cut-power HOST</c>, <c>start HOST</c>,
/// <c>silence HOST</c>, <c>speak HOST</c>, <c>lose-journal HOST</c>, <c>holds HOST</c>, <c>hosts</c>, <c>memory</c>. Whoever may open the folder may use it.
/// </summary>
internal sealed class FleetControl(HostFleet fleet, string path) : IAsyncDisposable
{
    private readonly Socket _listener = new(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
    private Task _serving = Task.CompletedTask;

    public void Open()
    {
        File.Delete(path);
        _listener.Bind(new UnixDomainSocketEndPoint(path));
        File.SetUnixFileMode(path, UnixFileMode.UserRead | UnixFileMode.UserWrite);
        _listener.Listen();
        _serving = Serve();
    }

    public async ValueTask DisposeAsync()
    {
        _listener.Dispose();
        await _serving;
        File.Delete(path);
    }

    /// <summary>What one line is answered with.</summary>
    public async Task<object> Answer(string line)
    {
        var words = line.Split(' ', StringSplitOptions.RemoveEmptyEntries);
        if (words is ["hosts"])
            return fleet.Hosts.OrderBy(host => host.Identity.Name, StringComparer.Ordinal).Select(Summary);
        if (words is ["memory"])
            return new { heapBytes = GC.GetTotalMemory(forceFullCollection: true), residentBytes = Environment.WorkingSet };
        if (words is not [var verb, var name])
            return new { error = "A line is a verb and a host's name, or 'hosts'." };
        if (fleet.Find(name) is not { } host)
            return new { error = $"There is no host {name}." };
        switch (verb)
        {
            case "kill":
                host.Kill();
                break;
            case "cut-power":
                host.CutPower();
                break;
            case "start":
                await host.Start();
                break;
            case "silence":
                host.FallSilent();
                break;
            case "speak":
                host.SpeakAgain();
                break;
            case "lose-journal":
                host.Journal.Lose();
                break;
            case "holds":
                return new { domains = host.Machine.Domains, layers = host.Machine.Layers, images = host.Machine.Images };
            default:
                return new { error = $"There is no verb '{verb}'." };
        }
        return Summary(host);
    }

    private static object Summary(FleetHost host) => new
    {
        name = host.Identity.Name,
        id = host.Identity.HostId,
        group = host.Group.Name,
        running = host.IsRunning,
        silent = host.IsSilent,
        domains = host.Machine.Domains.Count,
    };

    private async Task Serve()
    {
        while (true)
        {
            try
            {
                _ = Serve(await _listener.AcceptAsync());
            }
            catch (Exception exception) when (exception is SocketException or ObjectDisposedException)
            {
                return;
            }
        }
    }

    private async Task Serve(Socket socket)
    {
        try
        {
            await using var stream = new NetworkStream(socket, ownsSocket: true);
            using var reader = new StreamReader(stream);
            while (await reader.ReadLineAsync() is { } line)
                await stream.WriteAsync((byte[])[.. JsonSerializer.SerializeToUtf8Bytes(await Answer(line), KernelJson.Options), (byte)'\n']);
        }
        catch (IOException)
        {
            // The caller is gone.
        }
    }
}
