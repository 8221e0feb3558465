using System.Net;
using System.Net.Http.Json;
using System.Text.Json.Nodes;
using Microsoft.Extensions.DependencyInjection;
using Nssv.Contracts.Inventory;
using Nssv.Contracts.Platform;
using Nssv.Kernel.Data;
using Nssv.Kernel.Events;
using Nssv.Kernel.Tags;
using Shouldly;
using Xunit;

namespace Nssv.Tests.Server;

/// <summary>System tags over HTTP, on one manager.</summary>
public sealed class TagTests(RunningServer server) : IClassFixture<RunningServer>
{
    [Fact]
    public async Task Every_declared_tag_is_listed_with_what_it_is()
    {
        using var client = server.SignedIn();
        var items = (await client.GetFromJsonAsync<JsonObject>("/api/v1/tag-types?sort=name"))!["items"]!.AsArray();

        items.Select(item => (string)item!["name"]!).ShouldBe(server.Services.GetRequiredService<TagCatalog>().All.Select(tag => tag.Name));
        var pin = items.Single(item => (string)item!["name"]! == "compute.pinnedToHost")!;
        ((string)pin["kind"]!, (string)pin["carriers"]![0]!, (string)pin["refersTo"]!, (string)pin["owner"]!, (bool)pin["known"]!).ShouldBe(("reference", "virtual-machines", "hosts", "Nssv.Services", true));
    }

    [Fact]
    public async Task A_tag_that_nobody_declares_any_more_is_shown_as_unknown()
    {
        var store = server.Services.GetRequiredService<IStore>();
        var row = (await store.List<TagType>())[0];
        await server.Services.GetRequiredService<IWriter>().Commit(new UnitOfWork().Insert(row with { Id = new(Guid.CreateVersion7()), Name = "gone.plugin" }));

        await server.Restart();

        store = server.Services.GetRequiredService<IStore>();
        (await store.List<TagType>()).Select(type => (type.Name, type.Known)).ShouldBe([("compute.pinnedToHost", true), ("gone.plugin", false)], ignoreOrder: true);
        await server.Services.GetRequiredService<IWriter>().Commit(new UnitOfWork().Delete((await store.First<TagType>(Condition.Equal(nameof(TagType.Name), "gone.plugin")))!));
    }

    [Fact]
    public async Task A_wrong_tag_is_refused_with_its_name_as_the_field()
    {
        using var client = server.SignedIn();
        var id = await DataCenter(client);
        using var answer = await Patch(client, id, """{"tags":{"compute.pinnedToHots":"x"}}""");
        var problem = await RunningServer.Problem(answer, HttpStatusCode.BadRequest, "tag-unknown");
        ((string)problem["field"]!).ShouldBe("tags.compute.pinnedToHots");
        using var other = await Patch(client, id, """{"tags":{"compute.pinnedToHost":"x"}}""");
        ((string)(await RunningServer.Problem(other, HttpStatusCode.BadRequest, "tag-not-carried"))["advice"]!).ShouldContain("no system tags for a");
        using var number = await Patch(client, id, """{"tags":{"compute.pinnedToHost":7}}""");
        await RunningServer.Problem(number, HttpStatusCode.BadRequest, "wrong-type");
    }

    [Fact]
    public async Task A_tag_that_nobody_knows_any_more_stays_is_found_and_can_be_taken_away()
    {
        using var client = server.SignedIn();
        var id = await DataCenter(client);
        var store = server.Services.GetRequiredService<IStore>();
        var row = await store.Get<DataCenter>(Nssv.Kernel.Id.Parse(id));
        var writer = server.Services.GetRequiredService<IWriter>();
        var type = (await store.List<TagType>())[0] with { Id = new(Guid.CreateVersion7()), Name = "gone.plugin", Known = false };
        await writer.Commit(new UnitOfWork().Insert(type).Update(row, row with { Tags = new Dictionary<string, string> { ["gone.plugin"] = "x" } }));

        using var renamed = await Patch(client, id, """{"name":"renamed"}""");
        renamed.StatusCode.ShouldBe(HttpStatusCode.Accepted);
        foreach (var filter in new[] { "tags.gone.plugin = x", "tags:gone.plugin", "tags.\"gone.plugin\" = x" })
            (await Found(client, filter)).ShouldBe([id], filter);
        using var removed = await Patch(client, id, """{"tags":{"gone.plugin":null}}""");
        removed.StatusCode.ShouldBe(HttpStatusCode.Accepted);
        (await Found(client, "tags:gone.plugin")).ShouldBeEmpty();

        // A change like any other: an event with what is new, and an entry of the audit.
        var operation = (string)(await removed.Content.ReadFromJsonAsync<JsonObject>())!["id"]!;
        (await store.List<Event>(Condition.Equal(nameof(Event.OperationId), Nssv.Kernel.Id.Parse(operation)))).Where(change => change.Type == "data-center.updated")
            .ShouldHaveSingleItem().Data["tags"]!.AsObject().Count.ShouldBe(0);
        await writer.Commit(new UnitOfWork().Delete(type));
    }

    [Theory]
    [InlineData("tags.compute.pinnedToHots = x", 6, "compute.pinnedToHots")]
    [InlineData("state = running AND tags.\"compute.pinnedToHots\":*", 26, "compute.pinnedToHots")]
    [InlineData("NOT tags:compute.pinnedToHots", 10, "compute.pinnedToHots")]
    [InlineData("tags.compute.pinnedToHots IN (x, y)", 6, "compute.pinnedToHots")]
    [InlineData("host.virtualMachines.tags.compute.pinned != null", 27, "compute.pinned")]
    public async Task A_filter_with_a_tag_that_nobody_ever_declared_is_refused_at_its_place(string filter, int position, string name)
    {
        using var client = server.SignedIn();
        foreach (var path in new[] { "/api/v1/virtual-machines?filter=", "/api/v1/virtual-machines:watch?filter=" })
        {
            using var answer = await client.GetAsync(path + Uri.EscapeDataString(filter));
            var problem = await RunningServer.Problem(answer, HttpStatusCode.BadRequest, "invalid-filter");
            ((string)problem["detail"]!).ShouldBe($"Position {position}: there is no system tag '{name}'.", path);
            ((string)problem["advice"]!).ShouldStartWith("Did you mean 'compute.pinnedToHost'?");
            ((string)problem["field"]!).ShouldBe("filter");
        }
        using var labels = await client.GetAsync("/api/v1/virtual-machines?filter=" + Uri.EscapeDataString(filter.Replace("tags", "labels", StringComparison.Ordinal)));
        labels.StatusCode.ShouldBe(HttpStatusCode.OK);
    }

    [Fact]
    public async Task Where_no_tags_are_declared_the_refusal_leads_to_labels()
    {
        using var client = server.SignedIn();
        using var answer = await client.GetAsync("/api/v1/data-centers?filter=" + Uri.EscapeDataString("tags.env = prod"));
        ((string)(await RunningServer.Problem(answer, HttpStatusCode.BadRequest, "invalid-filter"))["advice"]!).ShouldBe("There are none for a data-center; words of your own are labels: labels.key = \"value\".");
    }

    private static async Task<string> DataCenter(HttpClient client)
    {
        using var answer = await client.PostAsync("/api/v1/data-centers", RunningServer.Json("""{"name":"dc"}"""));
        answer.StatusCode.ShouldBe(HttpStatusCode.Accepted, await answer.Content.ReadAsStringAsync());
        return (string)(await answer.Content.ReadFromJsonAsync<JsonObject>())!["target"]!["id"]!;
    }

    private static async Task<List<string>> Found(HttpClient client, string filter) =>
        [.. (await client.GetFromJsonAsync<JsonObject>("/api/v1/data-centers?filter=" + Uri.EscapeDataString(filter)))!["items"]!.AsArray().Select(item => (string)item!["id"]!)];

    private static Task<HttpResponseMessage> Patch(HttpClient client, string id, string body) => client.PatchAsync($"/api/v1/data-centers/{id}", RunningServer.Json(body));
}
