using System.Net;
using System.Net.Http.Json;
using System.Text;
using System.Text.Json.Nodes;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging.Abstractions;
using Nssv.Contracts.Compute;
using Nssv.Contracts.Inventory;
using Nssv.Kernel;
using Nssv.Kernel.Data;
using Nssv.Server.Composition;
using Nssv.Server.Plugins;
using Nssv.Simulator.Run;
using Nssv.Tests.Data;
using Nssv.Tests.Server;
using Nssv.Tests.Simulator;
using Shouldly;
using Xunit;

namespace Nssv.Tests.Plugins;

/// <summary>The sample, on a whole manager with three simulated hosts: each kind of extension changes what the platform does.</summary>
public sealed class LegalHoldTests(LegalHoldTests.ServerWithSample server) : IClassFixture<LegalHoldTests.ServerWithSample>, IDisposable
{
    private readonly CancellationTokenSource _stop = new();

    public sealed class ServerWithSample : RunningServer
    {
        private PluginSet? _plugins;

        private protected override PluginSet? Plugins => _plugins;

        protected override ServerSettings Configure(ServerSettings settings)
        {
            PluginFolder.Install(settings.Home, PluginFolder.LegalHold);
            _plugins = PluginFolder.Open(settings.Home, NullLogger.Instance).GetAwaiter().GetResult();
            return settings;
        }

        public override async ValueTask DisposeAsync()
        {
            await _plugins!.DisposeAsync();
            await base.DisposeAsync();
        }
    }

    public void Dispose() => _stop.Dispose();

    private IStore Store => server.Services.GetRequiredService<IStore>();

    [Fact]
    public async Task What_is_on_hold_is_tagged_kept_in_the_vault_not_started_not_deleted_and_in_the_ledger()
    {
        server.Describe("groups:\n- {name: host, count: 3}\n");
        var run = new Simulation(
            new() { Home = server.Settings.Home, Hosts = 3, VirtualMachines = 3, ScenarioFile = Path.Combine(server.Settings.Home, "scenario.yaml"), HostsPerCluster = 3, Together = 3 },
            new Progress(TextWriter.Null, lively: false, TimeProvider.System)).Run(_stop.Token, CancellationToken.None);
        await Poll.Until("three machines that run", async () => run.IsCompleted || await Store.Count<VirtualMachine>(Condition.Equal(nameof(VirtualMachine.State), VmState.Running)) == 3, 60);
        using var client = server.SignedIn();
        var image = (await Store.List<VirtualMachine>())[0].ImageId!.Value;
        var hosts = (await Store.List<Host>()).OrderBy(host => host.BookedMemoryBytes).ToList();
        var vault = hosts[^1];

        // The tag is one of the platform's, with its values.
        (await Text(client, "/api/v1/tag-types?filter=" + Uri.EscapeDataString("name = \"legalHold.until\""))).ShouldContain("plugin legal-hold");
        (await Create(client, image, "bad", new { tags = new Dictionary<string, string> { ["legalHold.until"] = "tomorrow" } })).Status.ShouldBe(HttpStatusCode.BadRequest);

        var typed = (await List(client, "tag-types", "name = \"legalHold.case\"")).ShouldHaveSingleItem()!;
        ((string)typed["kind"]!, (string)typed["allowed"]!).ShouldBe(("integer", "a whole number from 1 to 999999"));
        foreach (var wrong in new[] { "0", "a7", "1000000" })
            (await Create(client, image, "bad", new { tags = new Dictionary<string, string> { ["legalHold.case"] = wrong } })).Status.ShouldBe(HttpStatusCode.BadRequest, wrong);

        // Where no host is in the vault, there is no place for it, and the reason is named.
        var nowhere = await Ends(client, (await Create(client, image, "nowhere", Held())).Operation);
        ((string)nowhere["state"]!).ShouldBe("failed", nowhere.ToJsonString());
        ((string)nowhere["error"]!["code"]!).ShouldBe("no-host-fits");
        ((string)nowhere["error"]!["detail"]!).ShouldContain("it is not in the vault");

        // In the vault there is, though it is the fullest of all.
        (await Patch(client, $"/api/v1/hosts/{vault.Id}", """{"labels":{"vault":"yes"}}""")).ShouldBe(HttpStatusCode.Accepted);
        var made = await Ends(client, (await Create(client, image, "evidence", Held())).Operation);
        ((string)made["state"]!).ShouldBe("succeeded", made.ToJsonString());
        var evidence = Id.Parse((string)made["targetId"]!);
        (await Store.Get<VirtualMachine>(evidence)).HostId.ShouldBe(vault.Id);

        // The number of its case compares as a number: as text, 9 would be beyond 47.
        (await List(client, "virtual-machines", "tags.legalHold.case > 9")).ShouldHaveSingleItem()!["id"]!.ToString().ShouldBe(evidence.ToString());
        (await List(client, "virtual-machines", "tags.legalHold.case > 47")).ShouldBeEmpty();

        // It is not started as long as it is held.
        (await Ends(client, await Verb(client, evidence, "stop"))).ShouldSatisfyAllConditions(operation => ((string)operation["state"]!).ShouldBe("succeeded"));
        var refused = await Ends(client, await Verb(client, evidence, "start"));
        ((string)refused["state"]!, (string)refused["error"]!["code"]!).ShouldBe(("failed", "refused-by-plugin"));
        ((string)refused["error"]!["detail"]!).ShouldContain("legal hold until 9999-12-31");
        (await Store.Get<VirtualMachine>(evidence)).State.ShouldBe(VmState.Stopped);

        // It is not deleted: not by itself, not with all that is in its data center, and a dry run says so.
        foreach (var path in new[] { $"virtual-machines/{evidence}", $"virtual-machines/{evidence}?expunge=true" })
        {
            using var kept = await client.DeleteAsync("/api/v1/" + path);
            (await RunningServer.Problem(kept, HttpStatusCode.Conflict, "deletion-refused"))["detail"]!.ToString().ShouldBe("virtual machine 'evidence' must stay: it is on legal hold until 9999-12-31 for case 47.");
        }

        var center = (await Store.List<DataCenter>())[0];
        using (var all = await client.DeleteAsync($"/api/v1/data-centers/{center.Id}?cascade=true"))
            await RunningServer.Problem(all, HttpStatusCode.Conflict, "cascade-refused");
        using (var dry = await client.DeleteAsync($"/api/v1/data-centers/{center.Id}?cascade=true&dryRun=true"))
        {
            var plan = (await dry.Content.ReadFromJsonAsync<JsonObject>())!;
            ((bool)plan["refused"]!, (string)plan["hindrances"]!.AsArray().Single(hindrance => (string)hindrance!["kind"]! == "virtual-machine")!["id"]!).ShouldBe((true, evidence.ToString()));
        }

        (await Store.Count<VirtualMachine>()).ShouldBe(4);

        // Free again, it runs.
        (await Patch(client, $"/api/v1/virtual-machines/{evidence}", """{"tags":{"legalHold.until":null}}""")).ShouldBe(HttpStatusCode.Accepted);
        ((string)(await Ends(client, await Verb(client, evidence, "start")))["state"]!).ShouldBe("succeeded");

        // Whatever was made is in the ledger, once.
        var ledger = Path.Combine(server.Settings.Home, "plugin-data", "legal-hold", "ledger.csv");
        await Poll.Until("the line of the ledger", () => Task.FromResult(File.Exists(ledger) && File.ReadAllText(ledger).Contains($"virtual-machine.created;{evidence}", StringComparison.Ordinal)));
        File.ReadAllLines(ledger).ShouldBeUnique();

        await _stop.CancelAsync();
        await run;
    }

    private static object Held() => new { tags = new Dictionary<string, string> { ["legalHold.until"] = "9999-12-31", ["legalHold.case"] = "47" }, cpuCount = 1 };

    private static async Task<(HttpStatusCode Status, string Operation)> Create(HttpClient client, Id image, string name, object more)
    {
        var body = System.Text.Json.JsonSerializer.SerializeToNode(more)!.AsObject();
        (body["name"], body["cpuCount"], body["memoryBytes"], body["imageId"]) = (name, 1, 1L << 30, image.ToString());
        body["labels"] = new JsonObject { ["simulated"] = "true" };
        using var answer = await client.PostAsJsonAsync("/api/v1/virtual-machines", body);
        return (answer.StatusCode, answer.StatusCode == HttpStatusCode.Accepted ? (string)(await answer.Content.ReadFromJsonAsync<JsonObject>())!["id"]! : "");
    }

    private static async Task<string> Verb(HttpClient client, Id vm, string verb)
    {
        using var answer = await client.PostAsJsonAsync($"/api/v1/virtual-machines/{vm}:{verb}", new { });
        answer.StatusCode.ShouldBe(HttpStatusCode.Accepted, await answer.Content.ReadAsStringAsync());
        return (string)(await answer.Content.ReadFromJsonAsync<JsonObject>())!["id"]!;
    }

    private static async Task<HttpStatusCode> Patch(HttpClient client, string path, string body)
    {
        using var answer = await client.PatchAsync(path, new StringContent(body, Encoding.UTF8, "application/merge-patch+json"));
        return answer.StatusCode;
    }

    private static async Task<JsonArray> List(HttpClient client, string collection, string filter) =>
        (await client.GetFromJsonAsync<JsonObject>($"/api/v1/{collection}?filter={Uri.EscapeDataString(filter)}"))!["items"]!.AsArray();

    private static Task<string> Text(HttpClient client, string path) => client.GetStringAsync(path);

    private static async Task<JsonObject> Ends(HttpClient client, string operation)
    {
        JsonObject? now = null;
        await Poll.Until("the end of the operation", async () =>
        {
            now = await client.GetFromJsonAsync<JsonObject>($"/api/v1/operations/{operation}");
            return now!["endedAt"] is not null;
        });
        return now!;
    }
}
