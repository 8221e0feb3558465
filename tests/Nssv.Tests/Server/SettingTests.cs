using System.Net;
using System.Net.Http.Json;
using System.Text.Json.Nodes;
using Microsoft.Extensions.DependencyInjection;
using Nssv.Contracts.Platform;
using Nssv.Kernel;
using Nssv.Kernel.Data;
using Nssv.Kernel.Settings;
using Nssv.Services.Identity;
using Shouldly;
using Xunit;

namespace Nssv.Tests.Server;

/// <summary>Settings over HTTP, on one manager.</summary>
public sealed class SettingTests(RunningServer server) : IClassFixture<RunningServer>
{
    private const string Lifetime = "/api/v1/settings/session.lifetime";

    [Fact]
    public async Task Every_declared_setting_is_listed_with_what_it_is()
    {
        using var client = server.SignedIn();
        var items = (await client.GetFromJsonAsync<JsonObject>("/api/v1/settings?sort=name&limit=1000"))!["items"]!.AsArray();

        items.Select(item => (string)item!["name"]!).ShouldBe(server.Services.GetRequiredService<SettingCatalog>().All.Select(known => known.Name));
        items.ShouldAllBe(item => ((string)item!["title"]!).Length > 0 && ((string)item["description"]!).Length > 20);
        var events = items.Single(item => (string)item!["name"]! == "retention.events")!;
        ((string)events["value"]!, (string)events["defaultValue"]!, (bool)events["overridden"]!, (string)events["kind"]!).ShouldBe(("7 days", "7 days", false, "text"));
        var filtered = (await client.GetFromJsonAsync<JsonObject>("/api/v1/settings?count=true&filter=" + Uri.EscapeDataString("name = \"session.lifetime\"")))!;
        ((int)filtered["count"]!).ShouldBe(1);
    }

    [Fact]
    public async Task A_value_holds_from_the_answer_on_and_the_default_after_a_reset()
    {
        using var client = server.SignedIn();
        using var got = await client.GetAsync(Lifetime);
        var etag = got.Headers.ETag!.ToString();

        using var changed = await Send(client, HttpMethod.Patch, Lifetime, """{"value":"2h"}""", etag);
        changed.StatusCode.ShouldBe(HttpStatusCode.Accepted, await changed.Content.ReadAsStringAsync());
        var operation = (await changed.Content.ReadFromJsonAsync<JsonObject>())!;
        ((string)operation["state"]!, (string)operation["kind"]!, (string)operation["result"]!["value"]!).ShouldBe(("succeeded", "setting.update", "2h"));
        await SessionsLast(TimeSpan.FromHours(2));

        using var stale = await Send(client, HttpMethod.Patch, Lifetime, """{"value":"3h"}""", etag);
        ((string)(await RunningServer.Problem(stale, HttpStatusCode.PreconditionFailed, "version-mismatch"))["detail"]!).ShouldMatch("^'session.lifetime' has version [0-9]+; If-Match names [0-9]+\\.$");

        var now = (await client.GetFromJsonAsync<JsonObject>(Lifetime))!;
        ((string)now["value"]!, (bool)now["overridden"]!).ShouldBe(("2h", true));
        using var reset = await Send(client, HttpMethod.Post, Lifetime + ":reset", "{}");
        reset.StatusCode.ShouldBe(HttpStatusCode.Accepted);
        await SessionsLast(TimeSpan.FromHours(12));
        ((bool)(await client.GetFromJsonAsync<JsonObject>(Lifetime))!["overridden"]!).ShouldBeFalse();
    }

    [Theory]
    [InlineData("\"4m\"", "setting-value")]
    [InlineData("\"soon\"", "setting-value")]
    [InlineData("12", "setting-value")]
    [InlineData("true", "setting-value")]
    [InlineData("[]", "wrong-type")]
    [InlineData("null", "null")]
    public async Task What_is_not_allowed_is_refused_with_the_range(string value, string code)
    {
        using var client = server.SignedIn();
        using var answer = await Send(client, HttpMethod.Patch, Lifetime, $$"""{"value":{{value}}}""");

        var problem = await RunningServer.Problem(answer, HttpStatusCode.BadRequest, code);
        ((string)problem["field"]!).ShouldBe("value");
        if (code == "setting-value")
        {
            ((string)problem["detail"]!).ShouldContain("a duration from 5m to 30d");
            ((string)problem["advice"]!).ShouldContain("the default is 12h");
        }
    }

    [Fact]
    public async Task An_unknown_name_is_answered_with_those_that_there_are()
    {
        using var client = server.SignedIn();
        using var answer = await client.GetAsync("/api/v1/settings/session.lifespan");
        ((string)(await RunningServer.Problem(answer, HttpStatusCode.NotFound, "not-found"))["advice"]!).ShouldContain("session.lifetime");
        using var mistyped = await Send(client, HttpMethod.Patch, "/api/v1/settings/retention.evnts", """{"value":"9 days"}""");
        ((string)(await RunningServer.Problem(mistyped, HttpStatusCode.NotFound, "not-found"))["advice"]!).ShouldStartWith("Did you mean 'retention.events'? Settings: ");
        using var elsewhere = await client.GetAsync("/api/v1/hosts/session.lifetime");
        await RunningServer.Problem(elsewhere, HttpStatusCode.BadRequest, "invalid-id");
        using var other = await Send(client, HttpMethod.Patch, Lifetime, """{"title":"Mine"}""");
        await RunningServer.Problem(other, HttpStatusCode.BadRequest, "invalid-request");
    }

    [Fact]
    public async Task What_was_set_survives_a_restart_and_what_was_not_follows_the_declaration()
    {
        using (var client = server.SignedIn())
        {
            using var changed = await Send(client, HttpMethod.Patch, "/api/v1/settings/retention.operations", """{"value":"90 days"}""");
            changed.StatusCode.ShouldBe(HttpStatusCode.Accepted);
        }
        // As an earlier build left it: with another default, and described otherwise.
        var store = server.Services.GetRequiredService<IStore>();
        var row = await store.First<Setting>(Condition.Equal(nameof(Setting.Name), "retention.events"));
        await server.Services.GetRequiredService<IWriter>().Commit(new UnitOfWork().Update(row!, row! with { Value = "3 days", DefaultValue = "3 days", Title = "Old" }));

        await server.Restart();

        var values = server.Services.GetRequiredService<SettingValues>();
        values.Get(Nssv.Kernel.Retention.RetentionSettings.Operations).Age.ShouldBe(TimeSpan.FromDays(90));
        values.Get(Nssv.Kernel.Retention.RetentionSettings.Events).Age.ShouldBe(TimeSpan.FromDays(7));
        var after = await server.Services.GetRequiredService<IStore>().Get<Setting>(row!.Id);
        (after.Value, after.DefaultValue, after.Title).ShouldBe(("7 days", "7 days", "Events kept"));
    }

    private async Task SessionsLast(TimeSpan lifetime)
    {
        var before = server.Time.GetUtcNow();
        var session = await server.Services.GetRequiredService<Sessions>().SignIn(FirstAccount.Name, server.Password, "192.0.2.9");
        (session.ExpiresAt - before).ShouldBe(lifetime, TimeSpan.FromMinutes(1));
    }

    private static async Task<HttpResponseMessage> Send(HttpClient client, HttpMethod method, string path, string body, string? ifMatch = null)
    {
        using var request = new HttpRequestMessage(method, path) { Content = RunningServer.Json(body) };
        if (ifMatch is not null)
            request.Headers.TryAddWithoutValidation("If-Match", ifMatch);
        return await client.SendAsync(request);
    }
}
