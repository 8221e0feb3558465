using System.Net;
using System.Text.Json.Nodes;
using Microsoft.Extensions.DependencyInjection;
using Nssv.Contracts.Agent;
using Nssv.Contracts.Inventory;
using Nssv.Kernel;
using Nssv.Kernel.Agents;
using Nssv.Kernel.Data;
using Nssv.Simulator;
using Nssv.Tests.Data;
using Shouldly;
using Xunit;

namespace Nssv.Tests.Server;

/// <summary>A whole manager with a host whose agent is real and whose engine is simulated; imports of images are held until they are let go.</summary>
public class ServerWithHost : RunningServer, IManagerPort
{
    private const string Url = "https://manager/agent-api/v1/results";

    private readonly SimulatedNetwork _network = new(new DirectLink());
    private SimulatedHost? _host;

    public ServerWithHost()
    {
    }

    protected ServerWithHost(int haste) : base(haste)
    {
    }

    public Id HostId { get; private set; }

    internal SimulatedMachine Machine => _host!.Machine;

    /// <summary>Commands that fail, and how.</summary>
    internal Func<Command, Problem?> Refuse { get; set; } = _ => null;

    /// <summary>Holds the next import.</summary>
    internal Func<Task> Import { get; set; } = () => Task.CompletedTask;

    public override async ValueTask InitializeAsync()
    {
        await base.InitializeAsync();
        _network.Attach(Url, this);
        HostId = (await this.AddHost()).Id;
        _host = new SimulatedHost(HostId, _network, new() { Chance = new Even(), Behaviour = new EngineBehaviour { BeforeEffect = (command, _) => command is ImportImage ? Import() : Task.CompletedTask, Refuse = (command, _) => Refuse(command) } });
        await _host.Start();
        await Poll.Until("the host to be connected", async () => (await Services.GetRequiredService<IStore>().Get<Host>(HostId)).State == HostState.Connected);
    }

    public override async ValueTask DisposeAsync()
    {
        if (_host is not null)
            await _host.DisposeAsync();
        await base.DisposeAsync();
        GC.SuppressFinalize(this);
    }

    protected override void Configure(IServiceCollection services) => services.AddSingleton<IAgentTransport>(new InProcessTransport(_network, Url));

    Task<ResultReceipt> IManagerPort.TakeResults(ResultBatch batch) => Services.GetRequiredService<IAgentInbox>().Results(batch.HostId, batch);

    Task<HeartbeatReply> IManagerPort.TakeHeartbeat(Heartbeat heartbeat) => Services.GetRequiredService<IHostInbox>().Heartbeat(heartbeat);

    Task<ReportReceipt> IManagerPort.TakeReport(HostReport report) => Services.GetRequiredService<IHostInbox>().Report(report);

    private sealed class Even : IChance
    {
        public double Next() => 0.5;
    }
}

/// <summary><c>Prefer: wait</c> (RFC 7240, 4.3) on an operation that takes its time.</summary>
public sealed class WaitTests(ServerWithHost server) : IClassFixture<ServerWithHost>
{
    [Fact]
    public async Task The_answer_waits_for_the_end_and_tells_it()
    {
        var storage = await Storage();
        var hold = new AgentProtocol.Hold();
        server.Import = hold.Wait;

        var asked = Post("/api/v1/images", Image(storage), wait: 60);
        await hold.Reached;
        asked.IsCompleted.ShouldBeFalse("the operation runs");
        hold.Open();
        var (status, applied, operation) = await asked;

        (status, applied).ShouldBe((HttpStatusCode.OK, "wait=60"));
        operation["state"]!.GetValue<string>().ShouldBe("succeeded");
    }

    [Fact]
    public async Task When_the_time_is_up_the_answer_is_202_with_the_operation_as_it_is()
    {
        var storage = await Storage();
        var hold = new AgentProtocol.Hold();
        server.Import = hold.Wait;

        var (status, applied, operation) = await Post("/api/v1/images", Image(storage), wait: 1);

        (status, applied).ShouldBe((HttpStatusCode.Accepted, "wait=1"));
        operation["state"]!.GetValue<string>().ShouldBeOneOf("queued", "running");
        operation["endedAt"].ShouldBeNull();
        await hold.Reached;
        hold.Open();
        await Poll.Until("the operation's end", async () => (await Get($"/api/v1/operations/{operation["id"]}"))["state"]!.GetValue<string>() == "succeeded");
    }

    private async Task<string> Storage()
    {
        var (status, _, operation) = await Post("/api/v1/image-storages", $$"""{"name":"images","hostId":"{{server.HostId}}","path":"/srv/{{Guid.NewGuid():N}}"}""", wait: 60);
        status.ShouldBe(HttpStatusCode.OK);
        operation["state"]!.GetValue<string>().ShouldBe("succeeded", operation.ToJsonString());
        return operation["target"]!["id"]!.GetValue<string>();
    }

    private static string Image(string storage) =>
        $$$"""{"name":"micro","kind":"system","format":"qcow2","imageStorageId":"{{{storage}}}","source":{"file":"/srv/import/micro.qcow2"}}""";

    private async Task<(HttpStatusCode Status, string Applied, JsonObject Operation)> Post(string path, string body, int wait)
    {
        using var client = server.SignedIn();
        using var request = new HttpRequestMessage(HttpMethod.Post, path) { Content = RunningServer.Json(body) };
        request.Headers.Add("Prefer", $"wait={wait}");
        using var answer = await client.SendAsync(request);
        var text = await answer.Content.ReadAsStringAsync();
        answer.IsSuccessStatusCode.ShouldBeTrue(text);
        return (answer.StatusCode, answer.Headers.GetValues("Preference-Applied").Single(), JsonNode.Parse(text)!.AsObject());
    }

    private async Task<JsonObject> Get(string path)
    {
        using var client = server.SignedIn();
        return JsonNode.Parse(await client.GetStringAsync(path))!.AsObject();
    }
}
