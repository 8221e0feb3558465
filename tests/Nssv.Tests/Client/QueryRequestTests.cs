using System.Text.Json.Nodes;
using Nssv.Client;
using Shouldly;
using Xunit;

namespace Nssv.Tests.Client;

/// <summary>How the client asks: by URL as long as it fits, else by body.</summary>
public sealed class QueryRequestTests
{
    [Fact]
    public async Task A_short_query_is_a_get()
    {
        await using var manager = await TestManager.Start(context => context.Json("""{"items":[{"name":"a"}]}"""));
        using var client = manager.Client();
        await foreach (var _ in client.List("hosts", new ListQuery("state = connected") { Fields = ["name", "cluster.name"], Expand = ["virtualMachines"] }))
        {
        }

        manager.Seen.ShouldHaveSingleItem().Path.ShouldBe("/api/v1/hosts?limit=500&filter=state%20%3D%20connected&fields=name%2Ccluster.name&expand=virtualMachines");
    }

    [Fact]
    public async Task A_long_one_is_a_query_with_a_body_and_is_repeated_like_any_read()
    {
        var answers = 0;
        await using var manager = await TestManager.Start(context => ++answers switch
        {
            1 => context.Problem(503, """{"code":"unavailable","status":503}"""),
            2 => context.Json("""{"items":[{"name":"a"}],"nextCursor":"c-1"}"""),
            _ => context.Json("""{"items":[{"name":"b"}]}"""),
        });
        using var client = manager.Client();
        var names = new List<string?>();
        await foreach (var item in client.List("hosts", new ListQuery(Sort: "name") { Ids = ["i-1", "i-2"] }))
        {
            names.Add(item["name"].AsText());
        }

        names.ShouldBe(["a", "b"]);
        manager.Seen.Select(seen => $"{seen.Method} {seen.Path}").Distinct().ShouldHaveSingleItem().ShouldBe("POST /api/v1/hosts:query");
        manager.Seen.Last().Body.ShouldBe("""{"sort":"name","limit":500,"cursor":"c-1","ids":["i-1","i-2"]}""");
        manager.Seen.ShouldAllBe(seen => !seen.Headers.ContainsKey("Idempotency-Key"));
        await foreach (var _ in client.List("hosts", new ListQuery($"name = {ListQuery.Quote(new string('x', 5_000))}")))
        {
        }

        JsonNode.Parse(manager.Seen.Last().Body)!["filter"]!.GetValue<string>().Length.ShouldBeGreaterThan(5_000);
    }

    [Fact]
    public void An_asterisk_of_a_name_is_no_wildcard() => ListQuery.Quote("a*\"\\").ShouldBe("\"a\\*\\\"\\\\\"");
}
