using System.Net;
using System.Net.Http.Json;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json.Nodes;
using Nssv.Services.Identity;
using Nssv.Tests.Data;
using Shouldly;
using Xunit;

namespace Nssv.Tests.Server;

/// <summary>What requests leave in the audit, over HTTP.</summary>
public sealed class AuditTests : RunningServer
{
    [Fact]
    public async Task A_mutation_names_who_from_where_what_and_how_it_ended()
    {
        using var client = SignedIn();
        using var created = await client.PostAsync("/api/v1/data-centers", Json("""{"name":"hall-1"}"""));
        var operation = (await created.Content.ReadFromJsonAsync<JsonObject>())!;
        var id = (string)operation["target"]!["id"]!;

        var entry = await Entry("data-center.create");
        ((string)entry["result"]!, (string)entry["accountName"]!, (string)entry["clientAddress"]!).ShouldBe(("succeeded", "admin", "127.0.0.1"));
        ((string)entry["targetType"]!, (string)entry["targetId"]!, (string)entry["targetName"]!).ShouldBe(("data-center", id, "hall-1"));
        ((string)entry["operationId"]!).ShouldBe((string)operation["id"]!);

        using var changed = await client.PatchAsync($"/api/v1/data-centers/{id}", Json("""{"description":"north"}"""));
        (await Entry("data-center.update"))["details"]!.ToJsonString().ShouldBe("""{"changes":{"description":"north"}}""");
        using var set = await client.PatchAsync("/api/v1/settings/retention.events", Json("""{"value":"8 days"}"""));
        var setting = await Entry("setting.update");
        ((string)setting["targetName"]!, (string)setting["details"]!["changes"]!["value"]!).ShouldBe(("retention.events", "8 days"));
        using var deleted = await client.DeleteAsync($"/api/v1/data-centers/{id}");
        ((string)(await Entry("data-center.delete"))["targetName"]!).ShouldBe("hall-1");
    }

    [Fact]
    public async Task What_was_refused_is_there_with_its_target_and_reason()
    {
        var hall = await AddDataCenter("hall-2");
        using var client = SignedIn();
        using var bad = await client.PatchAsync($"/api/v1/data-centers/{hall.Id}", Json("""{"name":""}"""));
        await Problem(bad, HttpStatusCode.BadRequest, "name-empty");
        var update = await Entry("data-center.update");
        ((string)update["result"]!, (string)update["errorCode"]!, (string)update["targetId"]!, (string)update["targetName"]!).ShouldBe(("refused", "name-empty", hall.Id.ToString(), "hall-2"));
        ((int)update["details"]!["error"]!["status"]!).ShouldBe(400);
        update.ContainsKey("operationId").ShouldBe(true);
        update["operationId"].ShouldBeNull();

        using var missing = await client.PostAsync($"/api/v1/operations/{hall.Id}:cancel", null);
        ((string)(await Entry("operation.cancel"))["errorCode"]!).ShouldBe("not-found");
        using var wrong = await client.PatchAsync("/api/v1/settings/session.lifetime", Json("""{"value":"1s"}"""));
        var setting = await Entry("setting.update");
        ((string)setting["errorCode"]!, (string)setting["targetName"]!).ShouldBe(("setting-value", "session.lifetime"));
        using var malformed = await client.PostAsync("/api/v1/data-centers", Json("{"));
        var create = await Entry("data-center.create");
        ((string)create["errorCode"]!, create["targetId"]).ShouldBe(("malformed-json", null));

        // Reading is no mutation, and neither is what nobody signed in for.
        (await client.GetAsync($"/api/v1/hosts/{hall.Id}")).StatusCode.ShouldBe(HttpStatusCode.NotFound);
        using var nobody = Client();
        (await nobody.DeleteAsync($"/api/v1/data-centers/{hall.Id}")).StatusCode.ShouldBe(HttpStatusCode.Unauthorized);
        await Entry("operation.cancel");
        (await Items("action = \"host.read\" ")).ShouldBeEmpty();
        (await Items("action = \"data-center.delete\"")).ShouldBeEmpty();
    }

    [Fact]
    public async Task Every_sign_in_is_there_and_no_password_or_token_is()
    {
        using var client = Client();
        foreach (var name in new[] { "admin", "nobody" })
            (await client.PostAsJsonAsync("/api/v1/sessions", new { accountName = name, password = "guessed-wrongly" })).StatusCode.ShouldBe(HttpStatusCode.Unauthorized);
        using var admin = SignedIn();
        var account = (string)(await admin.GetFromJsonAsync<JsonObject>("/api/v1/accounts"))!["items"]![0]!["id"]!;
        (await admin.PostAsJsonAsync($"/api/v1/accounts/{account}:changePassword", new { currentPassword = "not-it-at-all", newPassword = "another-long-password-1" })).StatusCode.ShouldBe(HttpStatusCode.Forbidden);
        (await admin.PostAsJsonAsync($"/api/v1/accounts/{account}:changePassword", new { currentPassword = Password, newPassword = "another-long-password-1" })).StatusCode.ShouldBe(HttpStatusCode.NoContent);
        var other = await SignIn(FirstAccount.Name, "another-long-password-1");
        using (var leaving = SignedIn(other))
            (await leaving.DeleteAsync("/api/v1/sessions/current")).StatusCode.ShouldBe(HttpStatusCode.NoContent);
        await Entry("session.delete");

        var signIns = await Items("action = \"session.create\"");
        signIns.Select(entry => ((string)entry["accountName"]!, (string)entry["result"]!, entry["accountId"] is null)).ShouldBe(
            [("admin", "succeeded", false), ("admin", "refused", false), ("nobody", "refused", true), ("admin", "succeeded", false)]);
        signIns.ShouldAllBe(entry => (string)entry["clientAddress"]! == "127.0.0.1");
        (await Items("action = \"account.change-password\"")).Select(entry => (string)entry["result"]!).ShouldBe(["refused", "succeeded"]);
        var export = await admin.GetStringAsync("/api/v1/audit-entries:export");
        foreach (var secret in new[] { Password, "another-long-password-1", "guessed-wrongly", "not-it-at-all", Token, other })
            export.ShouldNotContain(secret);
    }

    [Fact]
    public async Task The_export_can_be_checked_line_by_line_and_the_chain_by_the_platform()
    {
        using var client = SignedIn();
        for (var i = 0; i < 5; i++)
            (await client.PostAsync("/api/v1/data-centers", Json($$"""{"name":"hall-{{i}}"}"""))).StatusCode.ShouldBe(HttpStatusCode.Accepted);
        await Poll.Until("all are there", async () => (await Items("action = \"data-center.create\"")).Count == 5);

        using var answer = await client.GetAsync("/api/v1/audit-entries:export");
        answer.Content.Headers.ContentType!.MediaType.ShouldBe("application/x-ndjson");
        var lines = (await answer.Content.ReadAsStringAsync()).Split('\n', StringSplitOptions.RemoveEmptyEntries);
        lines.Length.ShouldBe(6);
        var previous = new string('0', 64);
        foreach (var line in lines)
        {
            var entry = JsonNode.Parse(line)!.AsObject();
            var hash = (string)entry["hash"]!;
            ((string)entry["previousHash"]!).ShouldBe(previous);
            Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(line.Replace($",\"hash\":\"{hash}\"", "", StringComparison.Ordinal)))).ShouldBe(hash);
            previous = hash;
        }
        var filtered = await client.GetStringAsync("/api/v1/audit-entries:export?filter=" + Uri.EscapeDataString("targetName = \"hall-3\""));
        filtered.Split('\n', StringSplitOptions.RemoveEmptyEntries).ShouldHaveSingleItem().ShouldBe(lines[4]);
        using var wrong = await client.GetAsync("/api/v1/audit-entries:export?filter=nonsense");
        wrong.StatusCode.ShouldBe(HttpStatusCode.BadRequest);

        using var verified = await client.PostAsync("/api/v1/audit-entries:verify", null);
        var report = (await verified.Content.ReadFromJsonAsync<JsonObject>())!;
        ((bool)report["valid"]!, (int)report["entries"]!, (string)report["lastHash"]!).ShouldBe((true, 6, previous));
    }

    [Fact]
    public async Task After_a_restart_the_chain_goes_on_where_it_was()
    {
        using (var client = SignedIn())
            (await client.PostAsync("/api/v1/data-centers", Json("""{"name":"before"}"""))).StatusCode.ShouldBe(HttpStatusCode.Accepted);
        await Restart();
        using var again = SignedIn();
        (await again.PostAsync("/api/v1/data-centers", Json("""{"name":"after"}"""))).StatusCode.ShouldBe(HttpStatusCode.Accepted);

        await Poll.Until("both are there", async () => (await Items("action = \"data-center.create\"")).Count == 2);
        (await Items("sequence > 0")).Select(entry => (int)entry["sequence"]!).ShouldBe([1, 2, 3]);
        using var verified = await again.PostAsync("/api/v1/audit-entries:verify", null);
        ((bool)(await verified.Content.ReadFromJsonAsync<JsonObject>())!["valid"]!).ShouldBeTrue();
    }

    private async Task<JsonObject> Entry(string action)
    {
        await Poll.Until($"an entry of {action}", async () => (await Items($"action = \"{action}\"")).Count > 0);
        return (await Items($"action = \"{action}\""))[^1];
    }

    private async Task<IReadOnlyList<JsonObject>> Items(string filter)
    {
        using var client = SignedIn();
        var page = await client.GetFromJsonAsync<JsonObject>($"/api/v1/audit-entries?sort=sequence&limit=1000&filter={Uri.EscapeDataString(filter)}");
        return [.. page!["items"]!.AsArray().Select(item => item!.AsObject())];
    }
}
