using System.Text.Json.Nodes;
using Microsoft.Extensions.DependencyInjection;
using Nssv.Kernel.Data;
using Nssv.Tests.Data.Querying;
using Shouldly;
using Xunit;
using static Nssv.Tests.Server.RunningServer;

namespace Nssv.Tests.Server;

/// <summary>The calls of docs/query.md answer what the page says.</summary>
public sealed class QueryPageCallTests(RunningServer server) : IClassFixture<RunningServer>
{
    [Fact]
    public async Task Every_call_of_the_page_answers_what_it_says()
    {
        await server.Services.GetRequiredService<IWriter>().Commit(ExamplePlatform.Insert(server.PlatformId));
        using var client = server.SignedIn();
        QueryPage.Calls.Count.ShouldBeGreaterThan(3);
        foreach (var example in QueryPage.Calls)
        {
            using var answer = example.Body is null ? await client.GetAsync(new Uri(example.Path, UriKind.Relative)) : await client.PostAsync(new Uri(example.Path, UriKind.Relative), Json(example.Body));
            var got = JsonNode.Parse(await answer.Content.ReadAsStringAsync())!.AsObject();
            var expected = JsonNode.Parse(example.Expected)!.AsObject();
            got.Select(pair => pair.Key).ShouldBe(expected.Select(pair => pair.Key), $"{example.Path}: {got.ToJsonString()}");
            foreach (var (key, value) in expected.Where(pair => pair.Value is not JsonValue text || text.ToString() != "…"))
                JsonNode.DeepEquals(got[key], value).ShouldBeTrue($"{example.Path}: {got.ToJsonString()}");
        }
        await Watches();
    }

    private async Task Watches()
    {
        QueryPage.Watches.ShouldNotBeEmpty();
        foreach (var example in QueryPage.Watches)
        {
            await using var watch = new WatchClient(server, example.Path);
            while (watch.Heard.Count < example.Events.Count)
                (await watch.Next()).ShouldNotBeNull(example.Path);
            watch.Heard.ShouldBe(example.Events.Select(line => line.Split(' ')[0]), example.Path);
            var expected = example.Events.Where(line => line.Contains(' ', StringComparison.Ordinal)).Select(line => JsonNode.Parse(line[line.IndexOf(' ', StringComparison.Ordinal)..])!.ToJsonString());
            watch.Held.Values.Select(resource => resource.ToJsonString()).ShouldBe(expected, ignoreOrder: true, example.Path);
        }
    }
}
