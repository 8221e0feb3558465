using System.Globalization;
using System.Net.Http.Headers;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using System.Text.Json.Nodes;

namespace Nssv.Bench.Platform;

/// <summary>A whole platform as 'nssv up' makes it, in a folder of its own, with this machine as its host.</summary>
internal sealed class Instance : IAsyncDisposable
{
    private static readonly string Program = Path.GetFullPath(Path.Combine(AppContext.BaseDirectory, "..", "..", "Nssv.Cli", "release", "nssv-cli.dll"));
    private readonly HttpClient _http;

    private Instance(string home, HttpClient http, JsonNode file)
    {
        (Home, _http) = (home, http);
        DomainPrefix = $"nssv-{file["platformId"]!.GetValue<string>()[..8]}-";
    }

    public string Home { get; }

    public string DomainPrefix { get; }

    public string ImageId { get; private set; } = "";

    public static async Task<Instance> Start(string folder)
    {
        var home = Path.Combine(folder, "platform");
        await Cli(home, "up");
        var file = JsonNode.Parse(await File.ReadAllTextAsync(Path.Combine(home, "nssv.json")))!;
        var authority = X509Certificate2.CreateFromPem(await File.ReadAllTextAsync(Path.Combine(home, "manager", "ca.crt")));
        var handler = new SocketsHttpHandler();
        handler.SslOptions.CertificateChainPolicy = new X509ChainPolicy { TrustMode = X509ChainTrustMode.CustomRootTrust, RevocationMode = X509RevocationMode.NoCheck, CustomTrustStore = { authority } };
        var instance = new Instance(home, new HttpClient(handler) { BaseAddress = new Uri(file["url"]!.GetValue<string>()), Timeout = TimeSpan.FromMinutes(3) }, file);
        var password = (await File.ReadAllTextAsync(Path.Combine(home, "admin-password"))).Trim();
        var session = await instance.Send(HttpMethod.Post, "sessions", new JsonObject { ["accountName"] = "admin", ["password"] = password });
        instance._http.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", session["token"]!.GetValue<string>());
        var images = (await instance.Send(HttpMethod.Get, "images?limit=1"))["items"]!.AsArray();
        instance.ImageId = images.Count > 0 ? images[0]!["id"]!.GetValue<string>() : throw new InvalidOperationException("The platform has no image: NSSV_MICRO_IMAGE names no file.");
        return instance;
    }

    /// <summary>Begins to create a machine; the answer is its operation, at once.</summary>
    public Task<JsonObject> Create(string name) => Send(HttpMethod.Post, "virtual-machines",
        new JsonObject { ["name"] = name, ["cpuCount"] = 1, ["memoryBytes"] = 256L << 20, ["imageId"] = ImageId });

    /// <summary>Waits for an operation's end.</summary>
    public async Task Finish(JsonObject operation)
    {
        var deadline = DateTime.UtcNow.AddMinutes(2);
        while (operation["state"]!.GetValue<string>() is var state && state is not "succeeded")
        {
            if (state is "failed" or "needsAttention" || DateTime.UtcNow > deadline)
                throw new InvalidOperationException($"An operation did not succeed: {operation.ToJsonString()}");
            await Task.Delay(5);
            operation = await Send(HttpMethod.Get, $"operations/{operation["id"]!.GetValue<string>()}");
        }
    }

    public async Task Delete(string id) => await Finish(await Send(HttpMethod.Delete, $"virtual-machines/{id}?expunge=true", wait: 60));

    public async Task<JsonObject> Send(HttpMethod method, string path, JsonObject? body = null, int wait = 0)
    {
        using var request = new HttpRequestMessage(method, $"/api/v1/{path}");
        if (body is not null)
            request.Content = new StringContent(body.ToJsonString(), Encoding.UTF8, "application/json");
        if (wait > 0)
            request.Headers.Add("Prefer", $"wait={wait}");
        using var answer = await _http.SendAsync(request);
        var text = await answer.Content.ReadAsStringAsync();
        return answer.IsSuccessStatusCode ? JsonNode.Parse(text)!.AsObject() : throw new InvalidOperationException($"{method} {path} was answered with {(int)answer.StatusCode}: {text}");
    }

    /// <summary>The event stream from now on.</summary>
    public async Task<StreamReader> Events()
    {
        var request = new HttpRequestMessage(HttpMethod.Get, "/api/v1/events");
        request.Headers.Accept.ParseAdd("text/event-stream");
        var answer = await _http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead);
        answer.EnsureSuccessStatusCode();
        return new StreamReader(await answer.Content.ReadAsStreamAsync());
    }

    public string ConsoleSocket(string id) => Path.Combine(Home, "agent", "console", $"{id}.sock");

    public string Domain(string id) => DomainPrefix + id;

    public int Pid(string what) => int.Parse(File.ReadAllText(Path.Combine(Home, "run", $"{what}.pid")).AsSpan().Trim(), CultureInfo.InvariantCulture);

    private static Task<string> Cli(string home, params string[] arguments) => Shell.Run(Environment.ProcessPath!, [Program, .. arguments], ("NSSV_HOME", home), ("NSSV_PORT", Managers.FreePort.Next().ToString(CultureInfo.InvariantCulture)));

    public async ValueTask DisposeAsync()
    {
        _http.Dispose();
        await Shell.Run(Environment.ProcessPath!, [Program, "down", "--purge", "--yes"], ("NSSV_HOME", Home));
    }
}
