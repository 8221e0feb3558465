using System.Net;
using System.Net.Security;
using System.Security.Cryptography.X509Certificates;
using System.Text.Json;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.AspNetCore.Server.Kestrel.Https;
using Microsoft.Extensions.DependencyInjection;
using Nssv.Agent.Http;
using Nssv.Agent.Protocol;
using Nssv.Contracts.Agent;
using Nssv.Kernel;
using Nssv.Kernel.Agents;
using Nssv.Kernel.Data;
using Nssv.Kernel.Data.Sqlite;
using Nssv.Kernel.Trust;
using Nssv.Simulator;

namespace Nssv.Tests.AgentProtocol;

/// <summary>A manager's port and an agent's port on loopback, with real TLS on both sides; only the engine is simulated.</summary>
internal sealed class WireBed : IAsyncDisposable
{
    public static readonly Id Platform = Id.Parse("0190b000-0000-7000-8000-000000000001");
    public static readonly Id ManagerId = Id.Parse("0190b000-0000-7000-8000-000000000002");

    private readonly TaskCompletionSource<ResultBatch> _results = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly TaskCompletionSource<Heartbeat> _heartbeat = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly List<IAsyncDisposable> _parts = [];

    public TestAuthority Authority { get; } = new(Platform);

    public SimulatedMachine Machine { get; } = new(DeskBed.HostId);

    public Uri AgentUrl { get; private set; } = null!;

    public Uri ManagerUrl { get; private set; } = null!;

    public Task<ResultBatch> Results => _results.Task.WaitAsync(TimeSpan.FromSeconds(20));

    public Task<Heartbeat> Heartbeat => _heartbeat.Task.WaitAsync(TimeSpan.FromSeconds(20));

    public static async Task<WireBed> Started(EngineBehaviour? behaviour = null)
    {
        var bed = new WireBed();
        await bed.StartManager();
        await bed.StartAgent(behaviour ?? new());
        return bed;
    }

    public MutualTls Tls(string role, Id id) => new(Authority.Issue(role, id), Authority.Trust);

    /// <summary>A client that shows this certificate (or none) and takes any server.</summary>
    public static HttpClient Client(X509Certificate2? certificate) => new(new SocketsHttpHandler
    {
        SslOptions = new SslClientAuthenticationOptions
        {
            ClientCertificates = certificate is null ? [] : [certificate],
            LocalCertificateSelectionCallback = certificate is null ? null : (_, _, _, _, _) => certificate,
            RemoteCertificateValidationCallback = (_, certificate, _, _) => certificate is not null,
        },
    })
    { DefaultRequestVersion = HttpVersion.Version20, DefaultVersionPolicy = HttpVersionPolicy.RequestVersionExact };

    public async Task<HttpResponseMessage> Send(HttpClient client, CommandBatch batch, string? callbackUrl = null)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, new Uri(AgentUrl, "/agent/v1/commands")) { Version = HttpVersion.Version20 };
        request.Headers.Add("X-Callback-Url", callbackUrl ?? new Uri(ManagerUrl, "/agent-api/v1/results").ToString());
        request.Content = new ByteArrayContent(JsonSerializer.SerializeToUtf8Bytes(batch, KernelJson.Options));
        return await client.SendAsync(request);
    }

    public async ValueTask DisposeAsync()
    {
        _parts.Reverse();
        foreach (var part in _parts)
            await part.DisposeAsync();
        Authority.Dispose();
    }

    private async Task StartManager()
    {
        var builder = WebApplication.CreateEmptyBuilder(new());
        var tls = Tls(PlatformIdentity.Manager, ManagerId);
        builder.WebHost.UseKestrelCore().UseKestrelHttpsConfiguration().ConfigureKestrel(kestrel => kestrel.Listen(IPAddress.Loopback, 0, listen =>
        {
            listen.Protocols = HttpProtocols.Http2;
            listen.UseHttps(new TlsHandshakeCallbackOptions { OnConnection = _ => ValueTask.FromResult(tls.ServerOptions()) });
        }));
        builder.Services.AddRoutingCore();
        var app = builder.Build();
        app.UseRouting();
        app.MapPost("/agent-api/v1/results", async (HttpContext http) =>
        {
            var batch = (await JsonSerializer.DeserializeAsync<ResultBatch>(http.Request.Body, KernelJson.Options))!;
            await JsonSerializer.SerializeAsync(http.Response.Body, new ResultReceipt([.. batch.Results.Select(result => result.CommandId)]), KernelJson.Options);
            _results.TrySetResult(batch);
        });
        app.MapPost("/agent-api/v1/heartbeat", async (HttpContext http) =>
        {
            var heartbeat = (await JsonSerializer.DeserializeAsync<Heartbeat>(http.Request.Body, KernelJson.Options))!;
            await JsonSerializer.SerializeAsync(http.Response.Body, new HeartbeatReply(false, 15), KernelJson.Options);
            _heartbeat.TrySetResult(heartbeat);
        });
        await app.StartAsync();
        _parts.Add(app);
        ManagerUrl = new(app.Urls.Single());
    }

    private async Task StartAgent(EngineBehaviour behaviour)
    {
        var database = SqliteDatabase.InMemory(JournalDatabase.Models);
        Schema.CreateFromModel(database);
        _parts.Add(database);
        var (journal, writer) = JournalDatabase.Attach(database, TimeProvider.System, new() { Thread = new ContextThread() });
        _parts.Add(writer);
        var tls = Tls(PlatformIdentity.Agent, DeskBed.HostId);
        var link = new HttpManagerLink(tls, new([ManagerUrl.ToString()]), TimeProvider.System);
        var engine = new SimulatedEngine(Machine, TimeProvider.System, behaviour);
        Machine.Change(state => state.DataStorages.TryAdd(DeskBed.Storage, "/data"));
        var core = await AgentCore.Start(
            new(DeskBed.HostId, journal, CommandCatalog.Contracts, engine, link, TimeProvider.System, new Even(), new(), Microsoft.Extensions.Logging.Abstractions.NullLogger.Instance),
            new(), CancellationToken.None);
        _parts.Add(new Ending(() =>
        {
            core.Dispose();
            link.Dispose();
        }));
        var app = AgentServer.Build(tls, IPAddress.Loopback, 0, core, engine, _ => { });
        await app.StartAsync();
        _parts.Add(app);
        AgentUrl = new(app.Urls.Single());
    }

    private sealed class Ending(Action end) : IAsyncDisposable
    {
        public ValueTask DisposeAsync()
        {
            end();
            return ValueTask.CompletedTask;
        }
    }

    private sealed class Even : IChance
    {
        public double Next() => 0.5;
    }
}
