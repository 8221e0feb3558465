using System.Net;
using System.Net.Http.Json;
using System.Text.Json.Nodes;
using Microsoft.Extensions.DependencyInjection;
using Nssv.Contracts.Inventory;
using Nssv.Kernel.Tags;
using Shouldly;
using Xunit;

namespace Nssv.Tests.Server;

/// <summary>A manager on which a whole number is declared as a tag.</summary>
public sealed class CountingServer : RunningServer
{
    protected override void Configure(IServiceCollection services) =>
        services.AddSingleton<TagDeclaration>(new IntegerTag("sample.rank", "Rank", "Which comes first.", -10, 1000, typeof(DataCenter)));
}

/// <summary>What is declared of a tag decides how a list compares it.</summary>
public sealed class TagNumberTests(CountingServer server) : IClassFixture<CountingServer>
{
    [Fact]
    public async Task A_tag_that_is_declared_as_a_number_is_compared_as_one()
    {
        using var client = server.SignedIn();
        foreach (var rank in new[] { "9", "10", "-2" })
            (await client.PostAsync("/api/v1/data-centers", RunningServer.Json($$$"""{"name":"dc {{{rank}}}","tags":{"sample.rank":"{{{rank}}}"},"labels":{"rank":"{{{rank}}}"}}"""))).StatusCode.ShouldBe(HttpStatusCode.Accepted);

        (await Found(client, "tags.sample.rank > 9")).ShouldBe(["dc 10"]);
        (await Found(client, "tags.sample.rank < 9.0")).ShouldBe(["dc -2"]);
        (await Found(client, "tags.sample.rank IN (10.0, \"-2\")")).ShouldBe(["dc -2", "dc 10"]);
        (await Found(client, "labels.rank < 9")).ShouldBe(["dc -2", "dc 10"], "what people write is text");

        using var wrong = await client.GetAsync("/api/v1/data-centers?filter=" + Uri.EscapeDataString("tags.sample.rank > high"));
        var problem = await RunningServer.Problem(wrong, HttpStatusCode.BadRequest, "invalid-filter");
        ((string)problem["detail"]!).ShouldContain("'high' is no value for 'tags.sample.rank', which is a whole number");
    }

    private static async Task<List<string>> Found(HttpClient client, string filter) =>
        [.. (await client.GetFromJsonAsync<JsonObject>("/api/v1/data-centers?sort=name&filter=" + Uri.EscapeDataString(filter)))!["items"]!.AsArray().Select(item => (string)item!["name"]!)];
}
