using System.Net;
using System.Net.Http.Headers;
using System.Net.Http.Json;
using System.Net.Sockets;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using System.Text.Json.Nodes;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.DependencyInjection;
using Nssv.Contracts.Inventory;
using Nssv.Kernel;
using Nssv.Kernel.Data;
using Nssv.Kernel.Ownership;
using Nssv.Server.Certificates;
using Nssv.Server.Composition;
using Nssv.Server.Plugins;
using Nssv.Services;
using Nssv.Services.Identity;
using Shouldly;
using Xunit;

namespace Nssv.Tests.Server;

/// <summary>A whole manager on loopback: real Kestrel, real TLS, real SQLite in a folder of its own.</summary>
public class RunningServer : IAsyncLifetime
{
    private readonly string _home = Directory.CreateTempSubdirectory("nssv-server-").FullName;
    private static int s_nextPort = 20_000 + Environment.ProcessId % 1_000 * 10;
    private WebApplication? _app;

    public Id PlatformId { get; } = new(Guid.CreateVersion7());
    public string Password { get; private set; } = "";
    public string Token { get; private set; } = "";
    public ServerSettings Settings { get; private set; } = null!;
    public IServiceProvider Services => _app!.Services;
    public Uri People => new($"https://localhost:{Settings.HttpsPort}");

    /// <summary>What tells a person's commands to work with this manager.</summary>
    public Dictionary<string, string> CommandVariables => new()
    {
        ["NSSV_SERVER"] = People.ToString(),
        ["NSSV_TOKEN"] = Token,
        ["NSSV_CA"] = Path.Combine(Settings.Folder, "ca.crt"),
        ["NSSV_HOME"] = Settings.Home,
    };

    public Uri Agents => new($"https://localhost:{Settings.AgentApiPort}");
    internal ManualTime Time { get; }

    public RunningServer() : this(1)
    {
    }

    /// <param name="haste">How many times as fast as the real ones its timers run.</param>
    protected RunningServer(int haste) => Time = new(DateTimeOffset.UtcNow, haste);

    /// <summary>Changes the settings before the first start.</summary>
    protected virtual ServerSettings Configure(ServerSettings settings) => settings;

    /// <summary>Whom its clients trust.</summary>
    protected virtual X509Certificate2 Authority => X509Certificate2.CreateFromPem(File.ReadAllText(Path.Combine(Settings.Folder, "ca.crt")));

    public virtual async ValueTask InitializeAsync()
    {
        var ports = FreePorts(3);
        Settings = Configure(new ServerSettings
        {
            Home = _home,
            PlatformId = PlatformId,
            ManagerId = new Id(Guid.CreateVersion7()),
            Listen = IPAddress.Loopback,
            HttpsPort = ports[0],
            AgentApiPort = ports[1],
            HttpPort = ports[2],
            AgentApiHost = "localhost",
        });
        Directory.CreateDirectory(Settings.Folder);
        new CertificateFiles(Settings.Folder).Create(PlatformId, Settings.ManagerId, ["localhost", "127.0.0.1"], Time);
        await using (var database = DataServices.Open(Settings, DataServices.Models))
        {
            Migrator.Apply(database, Time, Migrations.All);
            await using var writer = new Writer(database, MemberFence.Acquire(database, Settings.ManagerId, Time), new WriterOptions { Time = Time });
            await FirstAccount.Create(new Store(database), writer, new RandomIds(Time), Time, new RandomSecrets(), PlatformId, password => Password = password);
        }
        await Start();
        Token = await SignIn(FirstAccount.Name, Password);
    }

    /// <summary>The process ends in order, and another one starts on the same home.</summary>
    public async Task Restart()
    {
        await _app!.DisposeAsync();
        await Start();
    }

    private async Task Start()
    {
        _app = ServerHost.Build(Settings, Time, services => Configure(services.AddPlatformServices()), Plugins);
        await ServerHost.Start(_app);
    }

    /// <summary>None, unless a test has some.</summary>
    private protected virtual PluginSet? Plugins => null;

    /// <summary>Puts something else in the place of a part.</summary>
    protected virtual void Configure(IServiceCollection services)
    {
    }

    public virtual async ValueTask DisposeAsync()
    {
        if (_app is not null)
            await _app.DisposeAsync();
        Directory.Delete(_home, recursive: true);
        GC.SuppressFinalize(this);
    }

    /// <summary>A client that trusts the platform's authority and nothing else, and checks the server's name.</summary>
    public HttpClient Client(X509Certificate2? certificate = null, Uri? address = null)
    {
        var handler = new SocketsHttpHandler { AllowAutoRedirect = false };
        handler.SslOptions.CertificateChainPolicy = new X509ChainPolicy
        {
            TrustMode = X509ChainTrustMode.CustomRootTrust,
            RevocationMode = X509RevocationMode.NoCheck,
            CustomTrustStore = { Authority },
        };
        if (certificate is not null)
            handler.SslOptions.LocalCertificateSelectionCallback = (_, _, _, _, _) => certificate;
        return new HttpClient(handler) { BaseAddress = address ?? People };
    }

    public HttpClient SignedIn(string? token = null)
    {
        var client = Client();
        client.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", token ?? Token);
        return client;
    }

    public async Task<string> SignIn(string account, string password)
    {
        using var client = Client();
        using var answer = await client.PostAsJsonAsync("/api/v1/sessions", new { accountName = account, password });
        answer.StatusCode.ShouldBe(HttpStatusCode.Created);
        return (await answer.Content.ReadFromJsonAsync<JsonObject>())!["token"]!.GetValue<string>();
    }

    /// <summary>A data center, put there directly.</summary>
    public async Task<DataCenter> AddDataCenter(string name)
    {
        var now = Clock.Now(Time);
        var row = new DataCenter { Id = new Id(Guid.CreateVersion7()), ProjectId = PlatformId, CreatedBy = PlatformId, CreatedAt = now, UpdatedAt = now, Version = 1, Name = name };
        await Services.GetRequiredService<IWriter>().Commit(new UnitOfWork().Insert(row));
        return row;
    }

    public static async Task<JsonObject> Problem(HttpResponseMessage answer, HttpStatusCode status, string code)
    {
        var text = await answer.Content.ReadAsStringAsync();
        answer.StatusCode.ShouldBe(status, text);
        answer.Content.Headers.ContentType!.MediaType.ShouldBe("application/problem+json");
        var problem = JsonNode.Parse(text)!.AsObject();
        problem["code"]!.GetValue<string>().ShouldBe(code, text);
        problem["title"]!.GetValue<string>().ShouldNotBeEmpty();
        problem["detail"]!.GetValue<string>().ShouldNotBeEmpty();
        return problem;
    }

    public static StringContent Json(string text, string type = "application/json") => new(text, Encoding.UTF8, type);

    /// <summary>Below the ports that connections take by themselves, so that nothing takes them between here and the server's start.</summary>
    internal static int[] FreePorts(int count)
    {
        var free = new List<int>();
        while (free.Count < count)
        {
            var port = Interlocked.Increment(ref s_nextPort);
            using var probe = new TcpListener(IPAddress.Loopback, port);
            try
            {
                probe.Start();
                free.Add(port);
            }
            catch (SocketException)
            {
                // Another program has it.
            }
        }
        return [.. free];
    }
}
