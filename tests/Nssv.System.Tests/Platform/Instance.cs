using System.Net;
using System.Net.Sockets;
using System.Text.Json.Nodes;
using Nssv.Client;
using Nssv.Client.Operations;
using Nssv.Client.Transport;
using Shouldly;

namespace Nssv.System.Tests.Platform;

/// <summary>An instance of the whole product on the lab host, started as a person starts it: manager, agent, libvirt and QEMU.</summary>
public sealed class Instance : IAsyncDisposable
{
    /// <summary>How long anything may take before a test gives up on it: many times what it takes on a busy machine.</summary>
    public static readonly TimeSpan Patience = TimeSpan.FromSeconds(180);

    private static readonly string Bin = Path.GetFullPath(Path.Combine(AppContext.BaseDirectory, "../.."));
    private static readonly string[] Counted =
    [
        "data-centers", "clusters", "hosts", "data-storages", "data-storage-attachments", "host-data-storages", "image-storages", "image-storage-attachments",
        "images", "virtual-machines", "volumes", "volume-layers", "network-interfaces", "port-groups", "accounts",
    ];

    private readonly Dictionary<string, string> _environment;
    private ApiClient? _api;
    private string? _token;
    private bool _purged;

    private Instance(string home)
    {
        Home = home;
        Port = FreePort();
        _environment = new() { ["NSSV_HOME"] = home, ["NSSV_PORT"] = $"{Port}", ["NSSV_MICRO_IMAGE"] = MicroImage, ["NO_COLOR"] = "1" };
    }

    public string Home { get; }
    public int Port { get; }
    public string Data => $"{Home}/storage/data";
    public string Images => $"{Home}/storage/images";
    public string Import => $"{Home}/import";
    public ApiClient Api => _api.ShouldNotBeNull("the instance is not up");
    public string PlatformId => (string)ReadJson($"{Home}/nssv.json")["platformId"]!;
    public int ManagerPid => int.Parse(File.ReadAllText($"{Home}/run/manager.pid"));
    public int AgentPid => int.Parse(File.ReadAllText($"{Home}/run/agent.pid"));

    /// <summary>The file of the micro guest.</summary>
    public static string MicroImage => Environment.GetEnvironmentVariable("NSSV_MICRO_IMAGE") ?? Path.Combine(Bin, "../micro/micro.qcow2");

    /// <param name="prepare">Does something to the empty home before the first start.</param>
    public static async Task<Instance> Start(Action<Instance>? prepare = null)
    {
        (Environment.GetEnvironmentVariable("NSSV_IN_LAB") == "1" || File.Exists("/run/lab-ready"))
            .ShouldBeTrue("These tests make domains on this machine's libvirtd: run them inside a lab host (./nssv test system), or set NSSV_IN_LAB=1 there.");
        var home = $"/var/lib/nssv-test-{Guid.NewGuid().ToString("N")[..8]}";
        Directory.CreateDirectory(home);
        var instance = new Instance(home);
        try
        {
            prepare?.Invoke(instance);
            await instance.Up();
            return instance;
        }
        catch (Exception e)
        {
            var failure = new InvalidOperationException($"The instance did not start: {e.Message}\n{instance.Logs()}", e);
            try
            {
                await instance.DisposeAsync();
            }
            catch (Exception left)
            {
                throw new AggregateException(failure, left);
            }

            throw failure;
        }
    }

    /// <summary>Runs "up", which starts whatever does not run.</summary>
    public async Task Up()
    {
        await Cli("up");
        _api ??= new ApiClient(Stranger with { Token = async (renew, _) => _token = renew ? await SignIn() : await Token() });
    }

    /// <summary>The session of <see cref="Api"/>.</summary>
    public async Task<string> Token() => _token ??= await SignIn();

    /// <summary>Runs a command line that must succeed; gives what it printed.</summary>
    public async Task<string> Cli(params string[] arguments)
    {
        var result = await Run(arguments);
        result.ExitCode.ShouldBe(0, $"nssv {string.Join(' ', arguments)}\n{result.Output}\n{result.Error}");
        return result.Output;
    }

    public async Task<JsonNode> CliJson(params string[] arguments) => JsonNode.Parse(await Cli([.. arguments, "--output", "json"])).ShouldNotBeNull();

    public Task<Shell.Result> Run(params string[] arguments) => Shell.Run(Dotnet, [Path.Combine(Bin, "Nssv.Cli/release/nssv-cli.dll"), .. arguments], _environment);

    /// <summary>A command line whose input and output stay open.</summary>
    public Shell.Dialogue Talk(params string[] arguments) => new(Dotnet, [Path.Combine(Bin, "Nssv.Cli/release/nssv-cli.dll"), .. arguments], _environment);

    public static ApiRequest Post(string path, JsonNode? body = null) => new(HttpMethod.Post, $"{ApiClient.Root}/{path}") { Body = body ?? new JsonObject() };

    public static ApiRequest Delete(string path) => new(HttpMethod.Delete, $"{ApiClient.Root}/{path}");

    /// <summary>Asks for a change and waits for its end, good or bad.</summary>
    public async Task<OperationSnapshot> Do(ApiRequest request) => await Ended(await Api.Mutate(request));

    public async Task<OperationSnapshot> Succeed(ApiRequest request)
    {
        var operation = await Do(request);
        operation.Succeeded.ShouldBeTrue($"{request.Method} {request.Path}: {operation.Document.ToJsonString()}\n{Logs()}");
        return operation;
    }

    public async Task<OperationSnapshot> Ended(OperationSnapshot operation)
    {
        using var deadline = new CancellationTokenSource(Patience);
        try
        {
            return operation.HasEnded ? operation : await Api.WaitForOperation(operation.Id, progress: null, deadline.Token);
        }
        catch (OperationCanceledException) when (deadline.IsCancellationRequested)
        {
            var now = await Api.GetOperation(operation.Id);
            throw new TimeoutException($"The operation {now.Kind} did not end within {Patience.TotalSeconds} s: {now.Document.ToJsonString()}\n{Logs()}");
        }
    }

    public async Task<string> IdOf(string collection, string name) => (string)(await Api.Resolve(collection, name))["id"]!;

    public async Task<string> VmState(string id) => (string)(await Api.Get("virtual-machines", id))["state"]!;

    public Task AwaitVmState(string id, string state, string why) =>
        Until(async () => await VmState(id) == state, $"virtual machine {id} {state} ({why})", async () => $"it is {await VmState(id)}");

    public async Task<JsonObject> NewVm(string name, bool start = true) => new()
    {
        ["name"] = name,
        ["cpuCount"] = 1,
        ["memoryBytes"] = 160L << 20,
        ["imageId"] = await IdOf("images", "micro"),
        ["start"] = start,
    };

    /// <summary>The micro guest, made and perhaps started; its id.</summary>
    public async Task<string> CreateVm(string name, bool start = true) => (await Succeed(Post("virtual-machines", await NewVm(name, start)))).TargetId.ShouldNotBeNull();

    public async Task DeleteVm(string id) => await Succeed(Delete($"virtual-machines/{id}?expunge=true"));

    public string DomainOf(string vmId) => $"nssv-{PlatformId[..8]}-{vmId}";

    public IReadOnlyList<string> Domains => [.. Shell.Virsh("list", "--all", "--name").Split('\n', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries)
        .Where(name => name.StartsWith($"nssv-{PlatformId[..8]}-", StringComparison.Ordinal)).Order()];

    /// <summary>How often QEMU was started for the machine, as libvirt logged it.</summary>
    public int Starts(string vmId) => File.Exists($"/var/log/libvirt/qemu/{DomainOf(vmId)}.log")
        ? File.ReadLines($"/var/log/libvirt/qemu/{DomainOf(vmId)}.log").Count(line => line.Contains(": starting up libvirt version", StringComparison.Ordinal))
        : 0;

    /// <summary>What there is: rows of every kind, bookings, domains, taps and files. Two footprints are the same when nothing was left behind.</summary>
    public async Task<string> Footprint()
    {
        var lines = new List<string>();
        foreach (var collection in Counted)
        {
            var answer = await Api.Send(new ApiRequest(HttpMethod.Get, $"{ApiClient.Root}/{collection}?limit=0&count=true"));
            answer.IsSuccess.ShouldBeTrue(answer.Body);
            lines.Add($"{collection}: {JsonNode.Parse(answer.Body)!["count"]}");
        }

        await foreach (var host in Api.List("hosts", ListQuery.All))
            lines.Add($"booked: {host["reservedCpuCount"]} CPUs, {host["bookedMemoryBytes"]} bytes");
        lines.AddRange(Domains.Select(domain => $"domain: {domain}"));
        lines.AddRange(Files().Select(file => $"file: {file}"));
        lines.AddRange(Taps().Select(tap => $"tap: {tap}"));
        return string.Join('\n', lines);
    }

    /// <summary>Files of storages and of machines; not what the daemons write for themselves.</summary>
    public IReadOnlyList<string> Files() => [.. new[] { Data, Images, $"{Home}/agent/console", $"{Home}/agent/vnc", $"{Home}/agent/nvram" }
        .Where(Directory.Exists).SelectMany(folder => Directory.EnumerateFileSystemEntries(folder, "*", SearchOption.AllDirectories))
        .Where(file => !Directory.Exists(file)).Select(file => Path.GetRelativePath(Home, file)).Order(StringComparer.Ordinal)];

    /// <summary>Tap interfaces of this host that libvirt or the platform made.</summary>
    public static IReadOnlyList<string> Taps() => [.. Directory.EnumerateDirectories("/sys/class/net").Where(link => File.Exists($"{link}/tun_flags")).Select(link => Path.GetFileName(link)!).Order()];

    public async Task Purge()
    {
        await Cli("down", "--purge", "--yes");
        _purged = true;
    }

    public string Logs() => string.Join('\n', new[] { "manager", "agent" }.Select(name => $"--- {name}.log\n{string.Join('\n', Shell.ReadOrEmpty($"{Home}/log/{name}.log").Split('\n').TakeLast(40))}"));

    public async ValueTask DisposeAsync()
    {
        _api?.Dispose();
        if (!_purged && File.Exists($"{Home}/nssv.json"))
            await Purge();
        if (Directory.Exists(Home))
            Directory.Delete(Home, recursive: true);
    }

    public static async Task Until(Func<Task<bool>> condition, string what, Func<Task<string>>? now = null, TimeSpan? limit = null)
    {
        var within = limit ?? Patience;
        var began = TimeProvider.System.GetTimestamp();
        using var pulse = new PeriodicTimer(TimeSpan.FromMilliseconds(100));
        while (!await condition())
        {
            if (TimeProvider.System.GetElapsedTime(began) > within)
                throw new TimeoutException($"Not within {within.TotalSeconds} s: {what}; {(now is null ? "" : await now())}");
            await pulse.WaitForNextTickAsync();
        }
    }

    public static JsonNode ReadJson(string file) => JsonNode.Parse(File.ReadAllText(file))!;

    private static string Dotnet => Path.GetFileName(Environment.ProcessPath) == "dotnet" ? Environment.ProcessPath! : "dotnet";

    /// <summary>How a client without a session reaches the manager.</summary>
    public ApiConnection Stranger => new() { Server = new Uri($"https://localhost:{Port}"), Trust = ServerTrust.FromFile($"{Home}/manager/ca.crt") };

    private async Task<string> SignIn()
    {
        using var client = new ApiClient(Stranger);
        var session = await client.SignIn("admin", (await File.ReadAllTextAsync($"{Home}/admin-password")).Trim());
        return (string)session["token"]!;
    }

    // Below the range that an instance takes its other ports from, so that neither takes the other's.
    private static int FreePort()
    {
        while (true)
        {
            var port = Random.Shared.Next(12_000, 19_999);
            using var listener = new TcpListener(IPAddress.Any, port);
            try
            {
                listener.Start();
                return port;
            }
            catch (SocketException)
            {
                // Taken: another one.
            }
        }
    }
}
