using System.Diagnostics;
using System.Net.Sockets;
using System.Text.Json.Nodes;
using Nssv.System.Tests.Platform;

namespace Nssv.System.Tests.Managers;

/// <summary>Simulated hosts in a process of their own, on the real wire; asked what they hold by the simulator's socket.</summary>
public sealed class SimulatedHosts : IAsyncDisposable
{
    private readonly string _home;
    private readonly string _log;
    private readonly Process _process;

    private SimulatedHosts(string home, Process process)
    {
        (_home, _process) = (home, process);
        _log = Path.Combine(home, "simulator.log");
    }

    public static async Task<SimulatedHosts> Start(string home, int hosts)
    {
        var log = Path.Combine(home, "simulator.log");
        // One machine: the image comes with it.
        var start = new ProcessStartInfo("/bin/sh", ["-c", "log=$1; shift; exec \"$@\" >>\"$log\" 2>&1 </dev/null", "sh", log, "dotnet", Simulator, "--home", home, "--hosts", $"{hosts}", "--vms", "1", "--keep"]);
        var simulated = new SimulatedHosts(home, Process.Start(start)!);
        try
        {
            await Instance.Until(() => Task.FromResult(simulated._process.HasExited || simulated.Log.Contains("Serving", StringComparison.Ordinal)), "the simulated hosts serve", () => Task.FromResult(simulated.Log), TimeSpan.FromMinutes(4));
            return simulated._process.HasExited ? throw new InvalidOperationException($"The simulator ended: {simulated.Log}") : simulated;
        }
        catch
        {
            await simulated.DisposeAsync();
            throw;
        }
    }

    public string Log => Shell.ReadOrEmpty(_log);

    /// <summary>What every host holds, by its id.</summary>
    public async Task<IReadOnlyDictionary<string, JsonObject>> Holdings()
    {
        var holdings = new Dictionary<string, JsonObject>();
        foreach (var host in (await Ask("hosts")).AsArray())
            holdings[(string)host!["id"]!] = (await Ask($"holds {(string)host["name"]!}")).AsObject();
        return holdings;
    }

    public async ValueTask DisposeAsync()
    {
        if (!_process.HasExited)
        {
            _process.Kill();
            await _process.WaitForExitAsync();
        }

        _process.Dispose();
    }

    private static string Simulator => ManagerProcess.Program("Nssv.Simulator", "nssv-simulator");

    private async Task<JsonNode> Ask(string line)
    {
        using var socket = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        await socket.ConnectAsync(new UnixDomainSocketEndPoint(Path.Combine(_home, "simulator", "control.sock")));
        await using var stream = new NetworkStream(socket);
        await stream.WriteAsync(global::System.Text.Encoding.UTF8.GetBytes(line + "\n"));
        using var reader = new StreamReader(stream);
        return JsonNode.Parse((await reader.ReadLineAsync())!)!;
    }
}
