using Nssv.Bench.Managers;
using Nssv.Contracts.Agent;
using Nssv.Kernel.Agents;
using Nssv.Kernel.Data;
using Nssv.Server.Agents;
using Nssv.Server.Composition;
using Nssv.Services;

namespace Nssv.Bench.Fleet;

/// <summary>A manager as nssv-server composes it, in this process; its hosts are another process's, behind the real agents' port.</summary>
internal sealed class FleetManager : IAsyncDisposable
{
    private readonly WebApplication _app;

    private FleetManager(WebApplication app, Counters counters) => (_app, Counters) = (app, counters);

    public Counters Counters { get; }
    public string Token { get; private set; } = "";
    public HostConnections Links => _app.Services.GetRequiredService<HostConnections>();
    public IStore Store => _app.Services.GetRequiredService<IStore>();

    public static async Task<FleetManager> Start(BenchHome home)
    {
        var counters = new Counters();
        var app = ServerHost.Build(home.Settings, TimeProvider.System, services =>
        {
            services.AddPlatformServices();
            services.AddSingleton<IWriter>(provider => new CountingWriter(provider.GetRequiredService<Writer>(), counters));
            services.AddSingleton<IAgentTransport>(provider => new CountingTransport(provider.GetRequiredService<HttpAgentTransport>(), counters));
            services.AddSingleton<IAgentInbox>(provider => new CountingInbox(provider.GetRequiredService<CommandDispatcher>(), counters));
        });
        var manager = new FleetManager(app, counters);
        await ServerHost.Start(app);
        (manager.Token, _) = await home.SignIn();
        return manager;
    }

    public async ValueTask DisposeAsync()
    {
        await _app.StopAsync();
        await _app.DisposeAsync();
    }

    private sealed class CountingInbox(IAgentInbox inbox, Counters counters) : IAgentInbox
    {
        public Task<ResultReceipt> Results(Id hostId, ResultBatch batch)
        {
            counters.Callback();
            return inbox.Results(hostId, batch);
        }
    }
}
