using System.Diagnostics;
using System.Text.Json.Nodes;
using Nssv.Client;
using Nssv.Client.Transport;
using Nssv.System.Tests.Platform;
using Shouldly;

namespace Nssv.System.Tests.Managers;

/// <summary>One manager's process with a home of its own, in a process group of its own by which its network can be cut.</summary>
public sealed class ManagerProcess : IAsyncDisposable
{
    private readonly string _log;
    private Process? _process;
    private string? _token;

    private ManagerProcess(string home, int groupId, int httpsPort, int agentApiPort)
    {
        (Home, GroupId, HttpsPort, AgentApiPort) = (home, groupId, httpsPort, agentApiPort);
        _log = Path.Combine(home, "manager.log");
        Api = Client(home, httpsPort, async (renew, _) => _token = renew || _token is null ? await SignIn() : _token);
    }

    public string Home { get; }

    /// <summary>What runs from the next <see cref="Start"/> on.</summary>
    public string Build { get; set; } = Program("Nssv.Server", "nssv-server");

    /// <summary>Of its process: what the firewall knows it by.</summary>
    public int GroupId { get; }

    public int HttpsPort { get; }
    public int AgentApiPort { get; }
    public ApiClient Api { get; }
    public string Id => (string)Instance.ReadJson($"{Home}/manager/manager.json")["managerId"]!;
    public int Pid => _process!.Id;
    public string Log => Shell.ReadOrEmpty(_log);

    /// <summary>The first manager of a new platform.</summary>
    public static ManagerProcess First(string home, int groupId, string database)
    {
        var (https, agentApi) = (Ports.Free(), Ports.Free());
        Prepare(database, "init", "--home", home, "--https-port", $"{https}", "--agent-api-port", $"{agentApi}", "--agent-api-host", "127.0.0.1");
        var settings = Instance.ReadJson($"{home}/manager/manager.json");
        // What 'nssv up' writes down about a platform.
        File.WriteAllText($"{home}/nssv.json", new JsonObject
        {
            ["platformId"] = (string)settings["platformId"]!,
            ["version"] = "0",
            ["url"] = $"https://localhost:{https}",
            ["ports"] = new JsonObject { ["https"] = https, ["agentApi"] = agentApi, ["agent"] = 0 },
            ["first"] = new JsonObject(),
            ["complete"] = true,
        }.ToJsonString());
        return new(home, groupId, https, agentApi);
    }

    /// <summary>A further one.</summary>
    public static ManagerProcess Join(string home, int groupId, ManagerProcess other)
    {
        var (https, agentApi) = (Ports.Free(), Ports.Free());
        Prepare(null, "join", "--home", home, "--from", other.Home, "--https-port", $"{https}", "--agent-api-port", $"{agentApi}", "--agent-api-host", "127.0.0.1");
        return new(home, groupId, https, agentApi);
    }

    public void Start()
    {
        var start = new ProcessStartInfo("/bin/sh", ["-c", "log=$1; shift; exec \"$@\" >>\"$log\" 2>&1 </dev/null", "sh", _log, "setpriv", "--regid", $"{GroupId}", "--clear-groups", "dotnet", Build, "serve", "--home", Home]);
        start.Environment.Remove("NSSV_DATABASE");
        _process = Process.Start(start)!;
    }

    public Task Ready() => Instance.Until(async () => await Api.IsReady(), $"the manager in {Home} is ready", () => Task.FromResult(string.Join('\n', Log.Split('\n').TakeLast(20))), TimeSpan.FromSeconds(60));

    public void Signal(int signal) => Shell.Signal(Pid, signal);

    public async Task Kill()
    {
        Signal(Shell.Kill);
        await _process!.WaitForExitAsync();
    }

    /// <summary>All live managers as this one sees them.</summary>
    public async Task<IReadOnlyList<JsonObject>> Nodes() => [.. ((await Api.Get("management-nodes"))["items"] as JsonArray)!.Cast<JsonObject>()];

    /// <summary>How many shards this one holds, as it says itself; -1 when it does not answer.</summary>
    public async Task<long> Shards()
    {
        try
        {
            return (await Nodes()).Where(node => node["self"]!.GetValue<bool>()).Select(node => node["shardCount"]!.GetValue<long>()).FirstOrDefault();
        }
        catch (Exception e) when (IsAway(e))
        {
            return -1;
        }
    }

    /// <summary>It, or its database, does not answer at the moment.</summary>
    public static bool IsAway(Exception error) =>
        error is HttpRequestException or TimeoutException or Client.Problems.ApiProblemException { Problem.Status: >= 500 or 429 or 408 };

    public async ValueTask DisposeAsync()
    {
        Api.Dispose();
        if (_process is { HasExited: false })
        {
            Signal(Shell.Kill);
            await _process.WaitForExitAsync();
        }

        _process?.Dispose();
    }

    internal static string Program(string project, string file) =>
        Path.GetFullPath(Path.Combine(AppContext.BaseDirectory, "../..", project, "release", $"{file}.dll"));

    private static void Prepare(string? database, params string[] arguments)
    {
        string[] environment = database is null ? ["-u", "NSSV_DATABASE"] : [$"NSSV_DATABASE={database}"];
        Shell.Do("env", [.. environment, "dotnet", Program("Nssv.Server", "nssv-server"), .. arguments]);
    }

    private static ApiClient Client(string home, int port, TokenSource token) => new(new ApiConnection
    {
        Server = new Uri($"https://localhost:{port}"),
        Trust = ServerTrust.FromFile($"{home}/manager/ca.crt"),
        Token = token,
        Retry = RetryPolicy.None,
        AnswerTimeout = TimeSpan.FromSeconds(10),
    });

    private async Task<string> SignIn()
    {
        using var client = Client(Home, HttpsPort, (_, _) => ValueTask.FromResult<string?>(null));
        return (string)(await client.SignIn("admin", (await File.ReadAllTextAsync($"{Home}/admin-password")).Trim()))["token"].ShouldNotBeNull()!;
    }
}
