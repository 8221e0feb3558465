using System.Diagnostics;
using System.Globalization;
using System.Text.Json.Nodes;
using Nssv.Bench.Managers;
using Nssv.Bench.Platform;

namespace Nssv.Bench.Fleet;

/// <summary>'nssv simulate --keep' against a platform of the bench's: hosts that never fail.</summary>
internal sealed class SimulatorProcess : IAsyncDisposable
{
    private static readonly string Program = Path.GetFullPath(Path.Combine(AppContext.BaseDirectory, "..", "..", "Nssv.Simulator", "release", "nssv-simulator.dll"));
    private static readonly TimeSpan LongestStart = TimeSpan.FromMinutes(10);
    private readonly Process _process;

    private SimulatorProcess(Process process) => _process = process;

    public ProcessGroup Figures => new(_process.Id);

    /// <summary>Returns when every host is connected and as many machines run as wanted.</summary>
    /// <param name="latency">Of each command, as scenarios say it ("{uniform: [8s, 12s]}"); null: hosts answer at once.</param>
    public static async Task<SimulatorProcess> Start(BenchHome home, int hosts, int machines, string? latency = null)
    {
        Describe(home);
        var scenario = Path.Combine(home.Settings.Home, "scenario.yaml");
        await File.WriteAllTextAsync(scenario, $"groups:\n  - {{name: host, count: {hosts}, cpus: 4096, memory: 64TiB, storage: 1PiB{(latency is null ? "" : $", latency: {{\"*\": {latency}}}")}}}\n");
        var process = Process.Start(new ProcessStartInfo(Environment.ProcessPath!, [
            Program, "--home", home.Settings.Home, "--scenario", scenario, "--hosts", Text(hosts), "--vms", Text(machines), "--keep"])
        { RedirectStandardOutput = true })!;
        using var limit = new CancellationTokenSource(LongestStart);
        while (await process.StandardOutput.ReadLineAsync(limit.Token) is { } line)
        {
            if (line.StartsWith("Serving", StringComparison.Ordinal))
            {
                _ = process.StandardOutput.ReadToEndAsync();
                return new(process);
            }
        }
        await process.WaitForExitAsync();
        throw new InvalidOperationException($"The simulator ended with {process.ExitCode} before it served.");
    }

    /// <summary>In order: what the hosts hold is kept for the next one.</summary>
    public async ValueTask DisposeAsync()
    {
        await Shell.Run("/bin/kill", ["-TERM", Text(_process.Id)]);
        await _process.WaitForExitAsync();
        _process.Dispose();
    }

    /// <summary>What 'nssv up' writes down about a platform.</summary>
    private static void Describe(BenchHome home)
    {
        var settings = home.Settings;
        File.WriteAllText(Path.Combine(settings.Home, "admin-password"), home.Password);
        File.WriteAllText(Path.Combine(settings.Home, "nssv.json"), new JsonObject
        {
            ["platformId"] = settings.PlatformId.ToString(),
            ["url"] = $"https://localhost:{settings.HttpsPort}",
            ["ports"] = new JsonObject { ["https"] = settings.HttpsPort, ["agentApi"] = settings.AgentApiPort, ["agent"] = 0 },
        }.ToJsonString());
    }

    private static string Text(int number) => number.ToString(CultureInfo.InvariantCulture);
}
