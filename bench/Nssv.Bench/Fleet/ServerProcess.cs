using System.Diagnostics;
using System.Globalization;
using System.Text.Json.Nodes;
using Nssv.Bench.Managers;
using Nssv.Server.Composition;

namespace Nssv.Bench.Fleet;

/// <summary>nssv-server as a process of its own: for what is about its start, its end, or several of them.</summary>
internal sealed class ServerProcess : IAsyncDisposable
{
    private static readonly TimeSpan LongestStart = TimeSpan.FromMinutes(5);
    private static readonly string Program = Path.GetFullPath(Path.Combine(AppContext.BaseDirectory, "..", "..", "Nssv.Server", "release", "nssv-server.dll"));
    private readonly Process _process;

    private ServerProcess(BenchHome home, Process process) => (Home, _process) = (home, process);

    public BenchHome Home { get; }
    public int Id => _process.Id;

    /// <summary>Returns when it answers that it is ready.</summary>
    public static async Task<ServerProcess> Start(BenchHome home)
    {
        var process = Process.Start(new ProcessStartInfo(Environment.ProcessPath!, [Program, "serve", "--home", home.Settings.Home]) { RedirectStandardOutput = true })!;
        _ = process.StandardOutput.ReadToEndAsync();
        var server = new ServerProcess(home, process);
        try
        {
            await server.Ready();
            return server;
        }
        catch
        {
            await server.DisposeAsync();
            throw;
        }
    }

    /// <summary>Writes down what 'nssv-server init' would about a home that was prepared in this process.</summary>
    public static void Describe(BenchHome home)
    {
        var settings = home.Settings;
        var file = new JsonObject
        {
            ["platformId"] = settings.PlatformId.ToString(),
            ["managerId"] = settings.ManagerId.ToString(),
            ["listen"] = settings.Listen!.ToString(),
            ["https"] = new JsonObject { ["port"] = settings.HttpsPort },
            ["agentApi"] = new JsonObject { ["port"] = settings.AgentApiPort, ["host"] = settings.AgentApiHost },
        };
        if (settings.Database is { } database)
            file["database"] = database;
        File.WriteAllText(settings.SettingsFile, file.ToJsonString());
    }

    /// <summary>The home of a further manager of the same platform.</summary>
    public static async Task<BenchHome> Join(BenchHome other, string folder)
    {
        var (https, agentApi) = (FreePort.Next(), FreePort.Next());
        Directory.CreateDirectory(folder);
        var start = new ProcessStartInfo(Environment.ProcessPath!, [
            Program, "join", "--home", folder, "--from", other.Settings.Home, "--https-port", Text(https), "--agent-api-port", Text(agentApi), "--agent-api-host", other.Settings.AgentApiHost!])
        { RedirectStandardOutput = true };
        start.Environment.Remove("NSSV_DATABASE");
        using var process = Process.Start(start)!;
        var said = await process.StandardOutput.ReadToEndAsync();
        await process.WaitForExitAsync();
        if (process.ExitCode != 0)
            throw new InvalidOperationException($"'nssv-server join' ended with {process.ExitCode}: {said}");
        var settings = JsonNode.Parse(await File.ReadAllTextAsync(Path.Combine(folder, "manager", ServerSettings.FileName)))!;
        return other with
        {
            Settings = other.Settings with { Home = folder, ManagerId = Nssv.Kernel.Id.Parse((string)settings["managerId"]!), HttpsPort = https, AgentApiPort = agentApi },
        };
    }

    /// <summary>As kill -9 does.</summary>
    public async ValueTask DisposeAsync()
    {
        if (!_process.HasExited)
            _process.Kill();
        await _process.WaitForExitAsync();
        _process.Dispose();
    }

    private async Task Ready()
    {
        var clock = Stopwatch.StartNew();
        using var client = new HttpClient(new SocketsHttpHandler { SslOptions = { CertificateChainPolicy = Home.ChainPolicy } });
        while (true)
        {
            try
            {
                using var answer = await client.GetAsync($"https://localhost:{Home.Settings.HttpsPort}/health/ready");
                if (answer.IsSuccessStatusCode)
                    return;
            }
            catch (HttpRequestException) when (!_process.HasExited && clock.Elapsed < LongestStart)
            {
                // It does not listen yet.
            }
            await Task.Delay(5);
        }
    }

    private static string Text(int number) => number.ToString(CultureInfo.InvariantCulture);
}
