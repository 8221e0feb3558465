using System.Net;
using System.Net.Http.Headers;
using System.Net.Http.Json;
using System.Text.Json.Nodes;
using Microsoft.Extensions.DependencyInjection;
using Nssv.Contracts.Inventory;
using Nssv.Kernel.Data;
using Shouldly;
using Xunit;
using static Nssv.Tests.Server.RunningServer;

namespace Nssv.Tests.Server;

public sealed class EventStreamTests(RunningServer server) : IClassFixture<RunningServer>
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    [Fact]
    public async Task Whoever_listens_gets_every_event_once_also_across_reconnects_and_while_others_commit()
    {
        var start = await Head();
        const int writers = 4, each = 400;
        var done = Task.WhenAll(Enumerable.Range(0, writers).Select(_ => Task.Run(async () =>
        {
            for (var i = 0; i < each; i++)
                await server.AddDataCenter("event");
        })));
        var listeners = Enumerable.Range(0, 4).Select(listener => Listen(start, start + writers * each, reconnectEvery: listener == 0 ? int.MaxValue : 100 * listener + 7)).ToList();
        await done;
        foreach (var listener in listeners)
            (await listener).ShouldBe(Enumerable.Range(1, writers * each).Select(i => start + i));
    }

    [Fact]
    public async Task Who_comes_late_catches_up_from_the_database_with_more_than_memory_holds()
    {
        var start = await Head();
        var writer = server.Services.GetRequiredService<IWriter>();
        for (var batch = 0; batch < 6; batch++)
            await Task.WhenAll(Enumerable.Range(0, 500).Select(_ => server.AddDataCenter("late")));
        (await Listen(start, start + 3_000, int.MaxValue)).ShouldBe(Enumerable.Range(1, 3_000).Select(i => start + i));
    }

    [Fact]
    public async Task A_place_that_is_gone_or_never_was_is_said_so()
    {
        using var client = server.SignedIn();
        await Problem(await Ask(client, (await Head() + 1_000_000).ToString()), HttpStatusCode.Gone, "events-expired");
        await Problem(await Ask(client, "abc"), HttpStatusCode.BadRequest, "invalid-header");
    }

    [Fact]
    public async Task A_stream_from_now_on_tells_what_comes_and_nothing_before()
    {
        await server.AddDataCenter("before");
        using var client = server.SignedIn();
        using var request = new HttpRequestMessage(HttpMethod.Get, "/api/v1/events") { Headers = { Accept = { new MediaTypeWithQualityHeaderValue("text/event-stream") } } };
        using var answer = await client.SendAsync(request, HttpCompletionOption.ResponseHeadersRead);
        answer.Content.Headers.ContentType!.MediaType.ShouldBe("text/event-stream");
        var center = await server.AddDataCenter("after");
        using var reader = new StreamReader(await answer.Content.ReadAsStreamAsync());
        string? line;
        do
            line = await reader.ReadLineAsync().WaitAsync(Patience);
        while (line is not null && !line.StartsWith("event:", StringComparison.Ordinal));
        line.ShouldBe("event: data-center.created");
        var data = JsonNode.Parse((await reader.ReadLineAsync().WaitAsync(Patience))!["data: ".Length..])!;
        data["resourceId"]!.GetValue<string>().ShouldBe(center.Id.ToString());
        data["data"]!["name"]!.GetValue<string>().ShouldBe("after");
    }

    [Fact]
    public async Task The_list_has_pages_and_one_resource_of_its_own()
    {
        var center = await server.AddDataCenter("listed");
        await server.Services.GetRequiredService<IWriter>().Commit(new UnitOfWork().Update(center, center with { Name = "renamed" }));
        using var client = server.SignedIn();
        var mine = (await client.GetFromJsonAsync<JsonObject>($"/api/v1/events?resourceId={center.Id}"))!;
        mine["items"]!.AsArray().Select(item => item!["type"]!.GetValue<string>()).ShouldBe(["data-center.created", "data-center.updated"]);
        var page = (await client.GetFromJsonAsync<JsonObject>("/api/v1/events?limit=2"))!;
        var next = (await client.GetFromJsonAsync<JsonObject>($"/api/v1/events?limit=1&cursor={page["nextCursor"]}"))!;
        next["items"]![0]!["sequence"]!.GetValue<long>().ShouldBe(page["items"]![1]!["sequence"]!.GetValue<long>() + 1);
    }

    [Fact]
    public async Task The_newest_come_first_when_asked_and_pages_go_back()
    {
        var center = await server.AddDataCenter("newest");
        var writer = server.Services.GetRequiredService<IWriter>();
        for (var i = 0; i < 3; i++)
            center = await Renamed(center, $"newest {i}");
        using var client = server.SignedIn();
        var all = Numbers(await client.GetFromJsonAsync<JsonObject>($"/api/v1/events?resourceId={center.Id}"));
        all.Count.ShouldBe(4);
        var page = (await client.GetFromJsonAsync<JsonObject>($"/api/v1/events?resourceId={center.Id}&sort=sequence desc&limit=3"))!;
        Numbers(page).ShouldBe([all[3], all[2], all[1]]);
        Numbers(await client.GetFromJsonAsync<JsonObject>($"/api/v1/events?resourceId={center.Id}&sort=sequence desc&limit=3&cursor={page["nextCursor"]}")).ShouldBe([all[0]]);
        Numbers(await client.GetFromJsonAsync<JsonObject>($"/api/v1/events?filter=resourceId = {center.Id}&sort=sequence desc&after={all[1]}")).ShouldBe([all[3], all[2]]);
        Numbers(await client.GetFromJsonAsync<JsonObject>($"/api/v1/events?resourceId={center.Id}&sort=sequence")).ShouldBe(all);
        await RunningServer.Problem(await client.GetAsync("/api/v1/events?sort=type"), HttpStatusCode.BadRequest, "invalid-sort");

        async Task<DataCenter> Renamed(DataCenter before, string name)
        {
            var after = before with { Name = name };
            await writer.Commit(new UnitOfWork().Update(before, after));
            return await server.Services.GetRequiredService<IStore>().Get<DataCenter>(before.Id);
        }

        static List<long> Numbers(JsonObject? page) => [.. page!["items"]!.AsArray().Select(item => item!["sequence"]!.GetValue<long>())];
    }

    private async Task<long> Head() => (await server.Services.GetRequiredService<IStore>().Select("SELECT seq FROM outbox_head", [], row => row.GetInt64(0)))[0];

    private static async Task<HttpResponseMessage> Ask(HttpClient client, string place)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, "/api/v1/events") { Headers = { Accept = { new MediaTypeWithQualityHeaderValue("text/event-stream") } } };
        request.Headers.TryAddWithoutValidation("Last-Event-ID", place);
        return await client.SendAsync(request, HttpCompletionOption.ResponseHeadersRead);
    }

    /// <summary>The numbers heard until <paramref name="last"/>, breaking the connection off now and then.</summary>
    private async Task<List<long>> Listen(long after, long last, int reconnectEvery)
    {
        using var client = server.SignedIn();
        var heard = new List<long>();
        while (heard.Count == 0 || heard[^1] < last)
        {
            using var answer = await Ask(client, (heard.Count == 0 ? after : heard[^1]).ToString());
            answer.StatusCode.ShouldBe(HttpStatusCode.OK);
            using var reader = new StreamReader(await answer.Content.ReadAsStreamAsync());
            for (var onThis = 0; onThis < reconnectEvery && (heard.Count == 0 || heard[^1] < last);)
            {
                var line = await reader.ReadLineAsync().WaitAsync(Patience) ?? throw new IOException($"the stream ended after {heard.Count} events");
                if (!line.StartsWith("id: ", StringComparison.Ordinal))
                    continue;
                heard.Add(long.Parse(line["id: ".Length..]));
                onThis++;
            }
        }
        return heard;
    }
}
