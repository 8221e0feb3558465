using System.Net;
using System.Net.Http.Json;
using System.Text.Json.Nodes;
using Microsoft.Extensions.Logging.Abstractions;
using Nssv.Plugins.Runner;
using Nssv.Server.Plugins;
using Nssv.Tests.Data;
using Nssv.Tests.Server;
using Shouldly;
using Xunit;

namespace Nssv.Tests.Plugins;

/// <summary>A whole manager with a plugin that does what it likes: its part in flows, in events and in health.</summary>
public sealed class PluginPlatformTests(PluginPlatformTests.ServerWithPlugins server) : IClassFixture<PluginPlatformTests.ServerWithPlugins>
{
    public sealed class ServerWithPlugins : RunningServer
    {
        private PluginSet? _plugins;

        private protected override PluginSet? Plugins => _plugins;

        internal HostedPlugin Unruly => _plugins!.All.Single(plugin => plugin.Name == PluginFolder.Unruly);

        public string Home => Settings.Home;

        protected override Nssv.Server.Composition.ServerSettings Configure(Nssv.Server.Composition.ServerSettings settings)
        {
            PluginFolder.Install(settings.Home, PluginFolder.Unruly);
            _plugins = PluginFolder.Open(settings.Home, NullLogger.Instance).GetAwaiter().GetResult();
            return settings;
        }

        public override async ValueTask DisposeAsync()
        {
            await _plugins!.DisposeAsync();
            await base.DisposeAsync();
        }
    }

    [Fact]
    public async Task A_step_of_a_plugin_is_in_the_plan_and_runs_with_its_target_and_key()
    {
        Behaves("well");
        var operation = await RunSchedule("in-plan");
        State(operation).ShouldBe("succeeded");
        operation["steps"]!.AsArray().Select(step => (string)step!["name"]!).ShouldBe(
            ["plugin.unruly.needed", "plugin.unruly.not-needed", "platform.list-schedule-targets", "platform.work-on-schedule-targets"]);
        PluginFolder.Lines(server.Home, "ran").ShouldContain($"needed {operation["id"]}/0 in-plan");
        PluginFolder.Lines(server.Home, "ran").ShouldContain($"not-needed {operation["id"]}/1 in-plan");
    }

    [Theory]
    [InlineData("throws")]
    [InlineData("hangs")]
    [InlineData("exits")]
    public async Task Where_a_step_that_is_needed_fails_the_operation_fails_and_is_taken_back(string mode)
    {
        Behaves(mode);
        var operation = await RunSchedule("needed-" + mode);
        State(operation).ShouldBe("failed");
        ((string)operation["error"]!["code"]!, (string)operation["error"]!["detail"]!).ShouldSatisfyAllConditions(
            error => error.Item1.ShouldBe("plugin-failed"), error => error.Item2.ShouldStartWith("Plugin unruly: "));
        Behaves("well");
        await IsWell();
        PluginFolder.Lines(server.Home, "undone").ShouldContain($"needed {operation["id"]}/0");
    }

    [Theory]
    [InlineData("throws")]
    [InlineData("hangs")]
    [InlineData("exits")]
    public async Task Where_a_step_that_is_not_needed_fails_the_operation_goes_on(string mode)
    {
        Behaves(mode + "-not-needed");
        var operation = await RunSchedule("not-needed-" + mode);
        State(operation).ShouldBe("succeeded", operation.ToJsonString());
        Behaves("well");
        await IsWell();
    }

    [Fact]
    public async Task An_observer_hears_every_event_in_order_and_a_poisoned_one_is_passed_over()
    {
        Behaves("well");
        await IsWell();
        var before = Heard().Count;
        using var client = server.SignedIn();
        foreach (var name in new[] { "one", "poison", "two" })
            (await client.PostAsJsonAsync("/api/v1/data-centers", new { name })).StatusCode.ShouldBe(HttpStatusCode.Accepted);
        await Poll.Until("events", () => Task.FromResult(Heard().Count >= before + 2));

        // While it cannot be asked at all nothing is lost, and nothing is passed over.
        Behaves("exits");
        for (var i = 0; i < 5; i++)
            (await client.PostAsJsonAsync("/api/v1/data-centers", new { name = $"later-{i}" })).StatusCode.ShouldBe(HttpStatusCode.Accepted);
        await Poll.Until("failure", () => Task.FromResult(!server.Unruly.IsWell));
        Behaves("well");
        await Poll.Until("events after its return", () => Task.FromResult(Heard().Count >= before + 7 - 1));
        var sequences = Heard().Select(line => long.Parse(line.Split(' ')[0])).ToList();
        sequences.ShouldBe(sequences.Order());
        sequences.ShouldBeUnique();
    }

    [Fact]
    public async Task What_its_guard_keeps_stays_and_so_does_everything_of_the_kind_while_nobody_can_ask_it()
    {
        Behaves("well");
        await IsWell();
        using var client = server.SignedIn();
        var (held, free) = (await Create("held"), await Create("free"));
        using (var kept = await client.DeleteAsync($"/api/v1/data-centers/{held}"))
            (await RunningServer.Problem(kept, HttpStatusCode.Conflict, "deletion-refused"))["detail"]!.ToString().ShouldBe("data center 'held' must stay: the doorman holds it.");

        Behaves("exits");
        using (var unknown = await client.DeleteAsync($"/api/v1/data-centers/{free}"))
            (await RunningServer.Problem(unknown, HttpStatusCode.Conflict, "deletion-refused"))["detail"]!.ToString().ShouldContain("Plugin unruly keeps watch");

        Behaves("well");
        await IsWell();
        using (var gone = await client.DeleteAsync($"/api/v1/data-centers/{free}"))
            gone.StatusCode.ShouldBe(HttpStatusCode.Accepted);

        async Task<string> Create(string name)
        {
            using var made = await client.PostAsJsonAsync("/api/v1/data-centers", new { name });
            return (string)(await made.Content.ReadFromJsonAsync<JsonObject>())!["targetId"]!;
        }
    }

    [Fact]
    public async Task It_is_listed_with_what_it_brings_and_named_in_health_when_it_is_not_well()
    {
        Behaves("well");
        await IsWell();
        using var client = server.SignedIn();
        var plugin = (await client.GetFromJsonAsync<JsonObject>("/api/v1/plugins"))!["items"]!.AsArray().ShouldHaveSingleItem()!;
        ((string)plugin["name"]!, (string)plugin["state"]!).ShouldBe(("unruly", "running"));
        plugin["extensions"]!.AsArray().Select(extension => $"{extension!["type"]} {extension["name"]}").ShouldBe(["observer listener", "step needed", "step not-needed", "deletion-guard doorman"]);
        plugin["memoryBytes"]!.GetValue<long>().ShouldBeGreaterThan(1 << 20);

        Behaves("throws");
        await Should.ThrowAsync<PluginFailure>(() => server.Unruly.Call(Calls.Hindrances, "doorman", new JsonArray(), TimeSpan.FromSeconds(5), CancellationToken.None));
        using var anyone = server.Client();
        using var answer = await anyone.GetAsync("/health/ready");
        answer.StatusCode.ShouldBe(HttpStatusCode.OK);
        var health = JsonNode.Parse(await answer.Content.ReadAsStringAsync())!;
        var check = health["checks"]!.AsArray().Single(check => (string)check!["name"]! == "plugin unruly")!;
        ((string)health["status"]!, (bool)check["ok"]!, (string)check["detail"]!).ShouldBe(("ready", false, "It fails."));
        Behaves("well");
        await IsWell();
    }

    private void Behaves(string mode) => PluginFolder.Behaves(server.Home, mode);

    private IReadOnlyList<string> Heard() => PluginFolder.Lines(server.Home, "heard");

    /// <summary>It has answered something, and rests no more.</summary>
    private Task IsWell() => Poll.Until("end of its rest", async () =>
    {
        if (server.Unruly.State == PluginState.Running && !server.Unruly.IsWell)
            await RunSchedule("trial");
        return server.Unruly.IsWell;
    });

    private static string State(JsonObject operation) => (string)operation["state"]!;

    private async Task<JsonObject> RunSchedule(string name)
    {
        using var client = server.SignedIn();
        using var made = await client.PostAsJsonAsync("/api/v1/schedules", new { name, action = "recycle-bin.sweep", cron = "0 0 1 1 *", enabled = false });
        made.StatusCode.ShouldBe(HttpStatusCode.Accepted, await made.Content.ReadAsStringAsync());
        var id = (string)(await made.Content.ReadFromJsonAsync<JsonObject>())!["targetId"]!;
        using var run = await client.PostAsync($"/api/v1/schedules/{id}:run", null);
        run.StatusCode.ShouldBe(HttpStatusCode.Accepted, await run.Content.ReadAsStringAsync());
        var operation = (string)(await run.Content.ReadFromJsonAsync<JsonObject>())!["id"]!;
        JsonObject? now = null;
        await Poll.Until("end of the operation", async () =>
        {
            now = await client.GetFromJsonAsync<JsonObject>($"/api/v1/operations/{operation}");
            return State(now!) is "succeeded" or "failed" or "needs-attention";
        });
        return now!;
    }
}
