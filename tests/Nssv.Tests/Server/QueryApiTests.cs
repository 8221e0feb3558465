using System.Net;
using System.Net.Http.Json;
using System.Text.Json.Nodes;
using Microsoft.Extensions.DependencyInjection;
using Nssv.Contracts.Inventory;
using Nssv.Kernel;
using Nssv.Kernel.Data;
using Nssv.Kernel.Operations;
using Shouldly;
using Xunit;
using static Nssv.Tests.Server.RunningServer;

namespace Nssv.Tests.Server;

/// <summary>Queries through the whole server: URL and body.</summary>
public sealed class QueryApiTests(RunningServer server) : IClassFixture<RunningServer>, IDisposable
{
    private readonly HttpClient _client = server.SignedIn();

    public void Dispose() => _client.Dispose();

    [Fact]
    public async Task A_body_asks_for_what_a_url_cannot_hold_and_changes_nothing()
    {
        var center = await server.AddDataCenter("q-ids");
        await server.AddDataCenter("q-ids-other");
        var operations = await server.Services.GetRequiredService<IStore>().Count<Operation>();
        var ids = Enumerable.Range(0, 99_999).Select(_ => NewId().ToString()).Append(center.Id.ToString());

        using var answer = await _client.PostAsJsonAsync("/api/v1/data-centers:query", new { ids, filter = "name = q-*", fields = new[] { "id", "name" }, count = true, limit = 10 });
        answer.StatusCode.ShouldBe(HttpStatusCode.OK);
        var page = (await answer.Content.ReadFromJsonAsync<JsonObject>())!;
        page.ToJsonString().ShouldBe($$"""{"items":[{"id":"{{center.Id}}","name":"q-ids"}],"count":1}""");
        (await server.Services.GetRequiredService<IStore>().Count<Operation>()).ShouldBe(operations);

        using var none = await _client.PostAsync("/api/v1/data-centers:query", null);
        none.StatusCode.ShouldBe(HttpStatusCode.OK, "nothing asked is the first page of all");
    }

    [Theory]
    [InlineData("""{"filters":"x"}""", "unknown-field")]
    [InlineData("""{"filter":1}""", "wrong-type")]
    [InlineData("""{"ids":["x"]}""", "wrong-type")]
    [InlineData("""{"filter":"nam = a"}""", "invalid-filter")]
    [InlineData("""{"limit":1001}""", "invalid-value")]
    [InlineData("""{"count":true,"count":true}""", "repeated-field")]
    public async Task A_wrong_body_is_refused(string body, string code) =>
        await Problem(await _client.PostAsync("/api/v1/data-centers:query", Json(body)), HttpStatusCode.BadRequest, code);

    [Fact]
    public async Task Fields_and_relations_come_with_list_and_get()
    {
        var center = await server.AddDataCenter("q-dc");
        var cluster = new Cluster { Id = NewId(), ProjectId = center.ProjectId, CreatedBy = center.CreatedBy, CreatedAt = center.CreatedAt, UpdatedAt = center.UpdatedAt, Version = 1, Name = "q-cluster", DataCenterId = center.Id, Architecture = Architecture.X86_64 };
        await server.Services.GetRequiredService<IWriter>().Commit(new UnitOfWork().Insert(cluster));

        var list = await _client.GetFromJsonAsync<JsonObject>("/api/v1/clusters?filter=dataCenter.name%3Dq-dc&fields=name,dataCenter.name");
        list!.ToJsonString().ShouldBe("""{"items":[{"name":"q-cluster","dataCenter":{"name":"q-dc"}}]}""");
        using var get = await _client.GetAsync($"/api/v1/data-centers/{center.Id}?fields=name&expand=clusters");
        get.Headers.ETag.ShouldBeNull();
        var shown = (await get.Content.ReadFromJsonAsync<JsonObject>())!;
        shown.Select(pair => pair.Key).ShouldBe(["name", "clusters"]);
        shown["clusters"]![0]!["id"]!.GetValue<string>().ShouldBe(cluster.Id.ToString());
        (await _client.GetFromJsonAsync<JsonObject>("/api/v1/clusters?aggregate=count&groupBy=dataCenter.name&filter=name%3Dq-cluster"))!.ToJsonString()
            .ShouldBe("""{"items":[],"groups":[{"dataCenter.name":"q-dc","count":1}]}""");
    }

    [Fact]
    public async Task Operations_are_whole_or_by_fields()
    {
        var center = await server.AddDataCenter("q-operations");
        (await _client.PatchAsync($"/api/v1/data-centers/{center.Id}", Json("""{"name":"q-renamed"}"""))).EnsureSuccessStatusCode();
        var whole = (await _client.GetFromJsonAsync<JsonObject>($"/api/v1/operations?filter=targetId%3D{center.Id}"))!["items"]![0]!.AsObject();
        (whole.ContainsKey("steps"), whole.ContainsKey("target")).ShouldBe((true, true));
        (await _client.GetFromJsonAsync<JsonObject>($"/api/v1/operations?filter=targetId%3D{center.Id}&fields=kind"))!["items"]!.ToJsonString().ShouldBe("""[{"kind":"data-center.update"}]""");
        (await _client.GetFromJsonAsync<JsonObject>("/api/v1/operations?filter=error.code%3Dno-such-code&limit=0&count=true"))!["count"]!.GetValue<long>().ShouldBe(0);
    }

    [Fact]
    public async Task An_expensive_query_is_refused_with_advice()
    {
        var problem = await Problem(await _client.GetAsync("/api/v1/virtual-machines?filter=" + Uri.EscapeDataString(string.Join(" OR ", Enumerable.Repeat("name:a", 40)))), HttpStatusCode.BadRequest, "query-too-expensive");
        problem["advice"]!.GetValue<string>().ShouldNotBeEmpty();
    }

    private static Id NewId() => new(Guid.CreateVersion7());
}
