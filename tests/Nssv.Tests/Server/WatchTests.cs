using System.Net;
using System.Net.Http.Json;
using System.Text.Json.Nodes;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Nssv.Contracts.Inventory;
using Nssv.Kernel.Data;
using Shouldly;
using Xunit;
using static Nssv.Tests.Server.RunningServer;

namespace Nssv.Tests.Server;

/// <summary>What a watcher hears of, and that it ends with what a list says.</summary>
public sealed class WatchTests(RunningServer server) : IClassFixture<RunningServer>
{
    private IWriter Writer => server.Services.GetRequiredService<IWriter>();

    [Fact]
    public async Task What_comes_changes_and_goes_is_told_with_the_number_of_its_event()
    {
        await using var watch = new WatchClient(server, Path("name = \"told-*\"", "&fields=name,description"));
        var there = await server.AddDataCenter("told-1");
        await server.AddDataCenter("other");
        await watch.Until("ready");
        watch.Heard.ShouldBe(["added", "ready"]);
        watch.Held.Values.Single().ToJsonString().ShouldBe("""{"name":"told-1","description":null}""");

        var renamed = there with { Name = "told-2" };
        await Writer.Commit(new UnitOfWork().Update(there, renamed));
        (await watch.Next()).ShouldBe("changed");
        watch.Place.ShouldBe(await Head());
        watch.Held.Values.Single()["name"]!.GetValue<string>().ShouldBe("told-2");

        await Writer.Commit(new UnitOfWork().Update(renamed with { Version = 2 }, renamed with { Version = 2, Name = "else" }));
        (await watch.Next()).ShouldBe("removed", "it does not meet the filter any more");
        await Writer.Commit(new UnitOfWork().Update(renamed with { Version = 3, Name = "else" }, renamed with { Version = 3, Name = "told-3" }));
        (await watch.Next()).ShouldBe("added");
        await Writer.Commit(new UnitOfWork().Delete(renamed with { Version = 4, Name = "told-3" }));
        (await watch.Next()).ShouldBe("removed");
        watch.Held.ShouldBeEmpty();
    }

    [Fact]
    public async Task Whoever_comes_back_goes_on_where_it_was_and_is_told_what_has_gone_meanwhile()
    {
        await using var watch = new WatchClient(server, Path("name = \"back-*\""));
        var (stays, goes) = (await server.AddDataCenter("back-stays"), await server.AddDataCenter("back-goes"));
        await watch.Until("ready");
        await watch.Disconnect();
        await Writer.Commit(new UnitOfWork().Delete(goes));
        await server.AddDataCenter("back-new");
        await watch.Connect();
        await watch.Until(() => watch.Held.Count == 2 && !watch.Held.ContainsKey(goes.Id.ToString()));
        watch.Held.Keys.ShouldContain(stays.Id.ToString());
        watch.Heard.Count(heard => heard == "ready").ShouldBe(1, "it did not begin anew");
    }

    [Fact]
    public async Task A_node_that_ends_ends_its_streams_and_the_next_one_goes_on()
    {
        await using var watch = new WatchClient(server, Path("name = \"end-*\""));
        await watch.Until("ready");
        server.Services.GetRequiredService<IHostApplicationLifetime>().StopApplication();
        (await watch.Next()).ShouldBeNull("the stream ended as a stream ends");
        await server.Restart();
        var center = await server.AddDataCenter("end-later");
        await watch.Connect();
        (await watch.Next()).ShouldBe("added");
        watch.Held.Keys.ShouldBe([center.Id.ToString()]);
    }

    [Fact]
    public async Task Without_the_beginning_only_what_happens_is_told()
    {
        await server.AddDataCenter("late-1");
        await using var watch = new WatchClient(server, Path("name = \"late-*\"", "&initial=false"));
        (await watch.Next()).ShouldBe("ready");
        await server.AddDataCenter("late-2");
        (await watch.Next()).ShouldBe("added");
        watch.Held.Values.Single()["name"]!.GetValue<string>().ShouldBe("late-2");
    }

    [Fact]
    public async Task What_is_wrong_with_the_question_is_said_before_the_stream_begins()
    {
        using var client = server.SignedIn();
        await Problem(await client.GetAsync(Path("nmae = x")), HttpStatusCode.BadRequest, "invalid-filter");
        await Problem(await client.GetAsync("/api/v1/data-centers:watch?fields=nmae"), HttpStatusCode.BadRequest, "invalid-fields");
        await Problem(await client.GetAsync("/api/v1/data-centers:watch?sort=name"), HttpStatusCode.BadRequest, "unknown-parameter");
        await Problem(await client.GetAsync("/api/v1/data-centers:watch?after=999999999"), HttpStatusCode.Gone, "events-expired");
        await Problem(await client.GetAsync(Path(string.Join(" OR ", Enumerable.Repeat("name:x", 40)))), HttpStatusCode.BadRequest, "query-too-expensive");
    }

    [Fact]
    public async Task A_filter_over_joins_is_asked_of_the_database()
    {
        var (east, west) = (await server.AddDataCenter("join-east"), await server.AddDataCenter("join-west"));
        await using var watch = new WatchClient(server, "/api/v1/clusters:watch?fields=name,dataCenter.name&filter=" + Uri.EscapeDataString("dataCenter.name = join-east"));
        await watch.Until("ready");
        await Writer.Commit(new UnitOfWork().Insert(Cluster("in-west", west)).Insert(Cluster("in-east", east)));
        (await watch.Next()).ShouldBe("added");
        watch.Held.Values.Single().ToJsonString().ShouldBe("""{"name":"in-east","dataCenter":{"name":"join-east"}}""");
    }

    [Fact]
    public async Task Events_are_filtered_by_their_own_fields_in_the_list_and_in_the_stream()
    {
        var center = await server.AddDataCenter("own");
        await Writer.Commit(new UnitOfWork().Update(center, center with { Name = "renamed" }));
        using var client = server.SignedIn();
        var filter = Uri.EscapeDataString($"type = \"*.updated\" AND resourceType = data-center AND resourceId = {center.Id}");
        var list = (await client.GetFromJsonAsync<JsonObject>($"/api/v1/events?filter={filter}"))!;
        list["items"]!.AsArray().Single()!["data"]!["name"]!.GetValue<string>().ShouldBe("renamed");
        await Problem(await client.GetAsync("/api/v1/events?filter=kind = x"), HttpStatusCode.BadRequest, "invalid-filter");

        using var request = new HttpRequestMessage(HttpMethod.Get, $"/api/v1/events?after=0&filter={filter}") { Headers = { { "Accept", "text/event-stream" } } };
        using var answer = await client.SendAsync(request, HttpCompletionOption.ResponseHeadersRead);
        using var reader = new StreamReader(await answer.Content.ReadAsStreamAsync());
        string? line;
        do
            line = await reader.ReadLineAsync().WaitAsync(TimeSpan.FromSeconds(30));
        while (line is not null && !line.StartsWith("event:", StringComparison.Ordinal));
        line.ShouldBe("event: data-center.updated");
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    [InlineData(4)]
    public async Task Whatever_changes_and_however_often_it_is_cut_off_a_watcher_ends_with_what_the_list_says(int seed)
    {
        var chance = new Random(seed);
        var prefix = $"c{seed}-";
        string[] filters = [$"name = \"{prefix}a*\"", $"name = \"{prefix}*\" AND NOT description:x", $"name = \"{prefix}*\" AND labels.env = prod", $"name = \"{prefix}*\" AND (version > 2 OR description = null)"];
        var watches = filters.Select(filter => (Filter: filter, Watch: new WatchClient(server, Path(filter)))).ToList();
        var readers = watches.Select(pair => Read(pair.Watch, new Random(chance.Next()))).ToList();
        var rows = new List<DataCenter>();
        for (var i = 0; i < 400; i++)
        {
            switch (rows.Count == 0 ? 0 : chance.Next(4))
            {
                case 0:
                    rows.Add(await server.AddDataCenter(Name()));
                    break;
                case 1 when chance.Next(2) == 0:
                    var gone = rows[chance.Next(rows.Count)];
                    rows.Remove(gone);
                    await Writer.Commit(new UnitOfWork().Delete(gone));
                    break;
                default:
                    var at = chance.Next(rows.Count);
                    var (before, after) = (rows[at], rows[at] with { Name = Name(), Description = chance.Next(3) == 0 ? null : chance.Next(2) == 0 ? "x" : "y" + i, Labels = new SortedDictionary<string, string> { ["env"] = chance.Next(2) == 0 ? "prod" : "test" } });
                    await Writer.Commit(new UnitOfWork().Update(before, after));
                    rows[at] = await server.Services.GetRequiredService<IStore>().Get<DataCenter>(after.Id);
                    break;
            }
            if (chance.Next(20) == 0)
                await Task.Delay(chance.Next(120));
        }
        // One more that all of them hear of: whoever has heard of the last event has heard of all.
        await Writer.Commit(new UnitOfWork().Insert(rows[0] with { Id = new(Guid.CreateVersion7()), Version = 1, Name = prefix + "a-last", Description = null, Labels = new SortedDictionary<string, string> { ["env"] = "prod" } }));
        await Task.WhenAll(readers);
        using var client = server.SignedIn();
        foreach (var (filter, watch) in watches)
        {
            var list = (await client.GetFromJsonAsync<JsonObject>($"/api/v1/data-centers?limit=1000&filter={Uri.EscapeDataString(filter)}"))!["items"]!.AsArray();
            watch.Held.Keys.Order().ShouldBe(list.Select(item => item!["id"]!.GetValue<string>()).Order(), $"seed {seed}: {filter}");
            foreach (var item in list)
                JsonNode.DeepEquals(watch.Held[item!["id"]!.GetValue<string>()], item).ShouldBeTrue($"{item} / {watch.Held[item["id"]!.GetValue<string>()]}");
            await watch.DisposeAsync();
        }

        string Name() => prefix + (char)('a' + chance.Next(3)) + chance.Next(10);

        async Task Read(WatchClient watch, Random own)
        {
            while (!watch.Held.Values.Any(held => held["name"]!.GetValue<string>() == prefix + "a-last"))
            {
                if (own.Next(25) == 0)
                    await watch.Connect();
                (await watch.Next()).ShouldNotBeNull("the stream ended");
            }
        }
    }

    /// <summary>The rows of a beginning may be newer than the number that goes with them: a watcher that comes back may have what was created after its place.</summary>
    [Fact]
    public async Task One_that_comes_back_is_told_of_what_is_gone_though_it_was_created_after_its_place()
    {
        var place = await Head();
        var brief = await server.AddDataCenter("brief");
        await Writer.Commit(new UnitOfWork().Delete(brief));
        await using var watch = new WatchClient(server, Path("name = \"brief\"", $"&after={place}"));
        await watch.Until("removed");
    }

    private static string Path(string filter, string more = "") => $"/api/v1/data-centers:watch?filter={Uri.EscapeDataString(filter)}{more}";

    private static Cluster Cluster(string name, DataCenter center) => new()
    {
        Id = new(Guid.CreateVersion7()),
        ProjectId = center.ProjectId,
        CreatedBy = center.CreatedBy,
        CreatedAt = center.CreatedAt,
        UpdatedAt = center.UpdatedAt,
        Version = 1,
        Name = name,
        DataCenterId = center.Id,
        Architecture = Architecture.X86_64,
    };

    private async Task<long> Head() => (await server.Services.GetRequiredService<IStore>().Select("SELECT seq FROM outbox_head", [], row => row.GetInt64(0)))[0];
}
