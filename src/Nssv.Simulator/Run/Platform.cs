using System.Globalization;
using System.Security.Cryptography.X509Certificates;
using System.Text.Json;
using System.Text.Json.Nodes;
using Nssv.Client;
using Nssv.Client.Operations;
using Nssv.Client.Transport;
using Nssv.Kernel;

namespace Nssv.Simulator.Run;

/// <summary>The platform of a home on this machine, through its public API: what a simulation makes there has the label <see cref="Label"/>.</summary>
internal sealed class Platform : IDisposable
{
    public const string Label = "simulated";
    private const string Ours = $"labels.{Label} = \"true\"";
    private const string Account = "admin";
    private const string NotThere = "Start the platform first: 'nssv up', or give --home a folder that does not exist yet.";

    private readonly string _home;
    private readonly Uri _url;
    private string? _token;

    private Platform(string home, JsonNode file)
    {
        _home = home;
        PlatformId = Id.Parse(file["platformId"]!.GetValue<string>());
        _url = new Uri(file["url"]!.GetValue<string>());
        // By address: thousands of connections need not ask for the name each.
        AgentApi = new UriBuilder(Uri.UriSchemeHttps, "127.0.0.1", file["ports"]!["agentApi"]!.GetValue<int>()).Uri;
        Authority = X509CertificateLoader.LoadCertificateFromFile(Path.Combine(home, "manager", "ca.crt"));
        Client = new(new ApiConnection
        {
            Server = _url,
            Trust = ServerTrust.FromFile(Path.Combine(home, "manager", "ca.crt")),
            Token = Token,
            // A busy manager is given time: it says how long (Retry-After), and nobody is lost.
            Retry = new(40, TimeSpan.FromMilliseconds(250), TimeSpan.FromSeconds(30)),
        });
    }

    public Id PlatformId { get; }

    /// <summary>The manager's URL for agents.</summary>
    public Uri AgentApi { get; }

    public X509Certificate2 Authority { get; }
    public ApiClient Client { get; }

    /// <summary>Of the manager, where its process is recorded.</summary>
    public int? ManagerPid =>
        File.Exists(Path.Combine(_home, "run", "manager.pid")) && int.TryParse(File.ReadAllText(Path.Combine(_home, "run", "manager.pid")).AsSpan().Trim(), CultureInfo.InvariantCulture, out var pid) ? pid : null;

    /// <exception cref="SimulatorException">There is no platform.</exception>
    public static Platform Open(string home)
    {
        try
        {
            return new(home, JsonNode.Parse(File.ReadAllText(Path.Combine(home, "nssv.json")))!);
        }
        catch (Exception exception) when (exception is IOException or JsonException or NullReferenceException or FormatException or UnauthorizedAccessException or System.Security.Cryptography.CryptographicException)
        {
            throw new SimulatorException($"There is no platform in {home}: {exception.Message}", NotThere, exception);
        }
    }

    /// <summary>The oldest resource of this name that a simulation made; else it is made.</summary>
    public async Task<string> Ensure(string collection, string name, JsonObject body, CancellationToken cancel)
    {
        await foreach (var known in Client.List(collection, new ListQuery($"{Ours} AND name = {ListQuery.Quote(name)}", "createdAt", 1), cancel))
            return known["id"]!.GetValue<string>();
        return await Create(collection, name, body, cancel);
    }

    /// <summary>Makes a resource and waits until it is there. Gives its id.</summary>
    public async Task<string> Create(string collection, string name, JsonObject body, CancellationToken cancel)
    {
        body["name"] = name;
        body["labels"] = new JsonObject { [Label] = "true" };
        var made = await Do(HttpMethod.Post, collection, body, cancel);
        return made.TargetId ?? throw new FormatException($"The server does not say which of the {collection} it made.");
    }

    public Task<OperationSnapshot> Delete(string collection, string id, CancellationToken cancel) =>
        Do(HttpMethod.Delete, collection is "virtual-machines" or "images" ? $"{collection}/{id}?expunge=true" : $"{collection}/{id}", null, cancel);

    public Task<OperationSnapshot> Do(string path, JsonObject body, CancellationToken cancel) => Do(HttpMethod.Post, path, body, cancel);

    /// <summary>Everything of a collection that a simulation made, with one more condition.</summary>
    public IAsyncEnumerable<JsonObject> Made(string collection, string? filter, CancellationToken cancel) =>
        Client.List(collection, new ListQuery(filter is null ? Ours : $"{Ours} AND {filter}"), cancel);

    /// <summary>How many of a collection there are; of what a simulation made, or, of what has no labels, of all.</summary>
    public async Task<int> Count(string collection, string? filter, CancellationToken cancel)
    {
        var condition = Uri.EscapeDataString(collection == "host-data-storages" ? filter! : filter is null ? Ours : $"{Ours} AND {filter}");
        var answer = await Client.Send(new(HttpMethod.Get, $"{ApiClient.Root}/{collection}?limit=1&count=true&filter={condition}"), cancel);
        return answer.IsSuccess ? JsonNode.Parse(answer.Body)!["count"]!.GetValue<int>() : throw new FormatException($"Counting {collection} was answered with {(int)answer.Status}.");
    }

    public async Task<string> EnrolmentToken(string hostId, CancellationToken cancel)
    {
        var answer = await Client.Send(new(HttpMethod.Post, $"{ApiClient.Root}/hosts/{hostId}:enroll"), cancel);
        return answer.IsSuccess && JsonNode.Parse(answer.Body)?["token"]?.GetValue<string>() is { } token
            ? token
            : throw new SimulatorException($"Host {hostId} cannot enrol: {answer.Body}", "Stop whatever else is that host's agent.");
    }

    public void Dispose()
    {
        Client.Dispose();
        Authority.Dispose();
    }

    private async Task<OperationSnapshot> Do(HttpMethod method, string path, JsonObject? body, CancellationToken cancel)
    {
        var operation = await Client.Mutate(new(method, $"{ApiClient.Root}/{path}") { Body = body, Wait = TimeSpan.FromSeconds(60) }, cancel);
        return (operation.HasEnded ? operation : await Client.WaitForOperation(operation.Id, null, cancel)).EnsureSucceeded();
    }

    private async ValueTask<string?> Token(bool renew, CancellationToken cancel)
    {
        if (!renew && _token is { } known)
            return known;
        using var client = new ApiClient(new ApiConnection { Server = _url, Trust = ServerTrust.FromFile(Path.Combine(_home, "manager", "ca.crt")) });
        var password = (await File.ReadAllTextAsync(Path.Combine(_home, "admin-password"), cancel)).Trim();
        return _token = (await client.SignIn(Account, password, cancel))["token"]!.GetValue<string>();
    }
}
