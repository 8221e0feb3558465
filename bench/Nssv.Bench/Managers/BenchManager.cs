using System.Security.Cryptography.X509Certificates;
using System.Text.Json.Nodes;
using Nssv.Contracts.Agent;
using Nssv.Contracts.Compute;
using Nssv.Contracts.Images;
using Nssv.Contracts.Inventory;
using Nssv.Contracts.Storage;
using Nssv.Kernel.Agents;
using Nssv.Kernel.Authorization;
using Nssv.Kernel.Calls;
using Nssv.Kernel.Data;
using Nssv.Kernel.Operations;
using Nssv.Server.Composition;
using Nssv.Services;
using Nssv.Simulator;

namespace Nssv.Bench.Managers;

/// <summary>
/// A manager as nssv-server composes it (Kestrel with TLS, its database in a file or on a server, its log in a file), in this process, with simulated hosts
/// on the other side of the agents' wire.
/// </summary>
internal sealed class BenchManager : IAsyncDisposable
{
    private const string CallbackUrl = "https://manager.simulated/agent-api/v1/results";
    private const int HostCount = 8;

    private readonly List<SimulatedHost> _hosts = [];
    private readonly WebApplication _app;

    private BenchManager(WebApplication app, ServerSettings settings, Counters counters) => (_app, Settings, Counters) = (app, settings, counters);

    public ServerSettings Settings { get; }
    public Counters Counters { get; }
    public IServiceProvider Services => _app.Services;
    public IStore Store => Services.GetRequiredService<IStore>();
    public Caller Admin { get; private set; } = null!;
    public string Token { get; private set; } = "";
    public Id ImageId { get; } = new(Guid.CreateVersion7());
    public X509Certificate2 Authority { get; private init; } = null!;
    public X509ChainPolicy ChainPolicy { get; private init; } = null!;

    public static async Task<BenchManager> Start(string folder, string? database)
    {
        var home = await BenchHome.Prepare(folder, database);
        // Accepts are measured with nothing begun after them, so what was accepted piles up.
        var (time, settings) = (TimeProvider.System, home.Settings with { Limits = new() { Operations = 10_000_000 } });
        var counters = new Counters();
        var network = new SimulatedNetwork(new DirectLink());
        var app = ServerHost.Build(settings, time, services =>
        {
            services.AddPlatformServices();
            services.AddSingleton<IWriter>(provider => new CountingWriter(provider.GetRequiredService<Writer>(), counters));
            services.AddSingleton<IAgentTransport>(new CountingTransport(new InProcessTransport(network, CallbackUrl), counters));
        });
        network.Attach(CallbackUrl, new ManagerPort(app.Services.GetRequiredService<IAgentInbox>(), app.Services.GetRequiredService<IHostInbox>(), counters));
        var manager = new BenchManager(app, settings, counters) { Authority = home.Authority, ChainPolicy = home.ChainPolicy };
        await ServerHost.Start(app);
        (manager.Token, manager.Admin) = await home.SignIn();
        await manager.SetUp(network);
        return manager;
    }

    /// <summary>The body of a request for a small virtual machine.</summary>
    public string CreateBody(int number, bool start) => new JsonObject
    {
        ["name"] = $"bench-{number}",
        ["cpuCount"] = 1,
        ["memoryBytes"] = 256L << 20,
        ["imageId"] = ImageId.ToString(),
        ["start"] = start,
    }.ToJsonString();

    private async Task SetUp(SimulatedNetwork network)
    {
        var (center, cluster, data, images) = (NewId(), NewId(), NewId(), NewId());
        await Ask(new CreateDataCenter { Id = center, Name = "center" });
        await Ask(new CreateCluster { Id = cluster, Name = "cluster", DataCenterId = center });
        // Room for every machine that is made: what is measured is not placement on full hosts.
        var behaviour = new EngineBehaviour { Capacity = new(1 << 16, 1L << 50, "simulated", "kvm", "simulated", "9.0.0", "7.2.0", "x86_64") };
        for (var i = 0; i < HostCount; i++)
        {
            var host = new SimulatedHost(NewId(), network, new SimulatedHostOptions { Chance = new RandomChance(), Behaviour = behaviour });
            _hosts.Add(host);
            await Ask(new CreateHost { Id = host.HostId, Name = $"host-{i}", ClusterId = cluster, Address = $"host-{i}.example" });
            await host.Start();
        }
        foreach (var host in _hosts)
        {
            var deadline = DateTime.UtcNow.AddSeconds(30);
            while ((await Store.Get<Contracts.Inventory.Host>(host.HostId)).State != HostState.Connected)
            {
                if (DateTime.UtcNow > deadline)
                    throw new TimeoutException($"Simulated host {host.HostId} was not connected within 30 s.");
                await Task.Delay(20);
            }
        }
        await Ask(new CreateDataStorage { Id = data, Name = "data", DataCenterId = center, Path = "/data" });
        await Ask(new CreateImageStorage { Id = images, Name = "images", HostId = _hosts[0].HostId, Path = "/images" });
        await Ask(new AttachDataStorageToCluster(data) { ClusterId = cluster });
        await Ask(new AttachImageStorageToDataCenter(images) { DataCenterId = center });
        await Ask(new CreateImage { Id = ImageId, Name = "micro", Kind = ImageKind.System, Format = ImageFormat.Qcow2, ImageStorageId = images, Source = new(File: "/import/micro.qcow2") });
    }

    private async Task Ask(Request request)
    {
        var operation = await Services.GetRequiredService<IBus>().Accept(request, Admin, new AcceptOptions());
        var deadline = DateTime.UtcNow.AddSeconds(30);
        while (!operation.HasEnded())
        {
            if (DateTime.UtcNow > deadline)
                throw new TimeoutException($"{operation.Kind} did not end within 30 s.");
            await Task.Delay(5);
            operation = await Store.Get<Operation>(operation.Id);
        }
        if (operation.State != OperationState.Succeeded)
            throw new InvalidOperationException($"{operation.Kind} ended as {operation.State}: {operation.Error?.Detail}");
    }

    private static Id NewId() => new(Guid.CreateVersion7());

    public async ValueTask DisposeAsync()
    {
        foreach (var host in _hosts)
            await host.DisposeAsync();
        await _app.StopAsync();
        await _app.DisposeAsync();
    }
}
