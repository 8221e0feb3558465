using System.Net;
using System.Net.Http.Json;
using System.Text.Json.Nodes;
using Microsoft.Extensions.DependencyInjection;
using Nssv.Contracts.Inventory;
using Nssv.Kernel;
using Nssv.Kernel.Data;
using Nssv.Kernel.Operations;
using Nssv.Tests.Services;
using Shouldly;
using Xunit;

namespace Nssv.Tests.Server;

/// <summary>Both flags of a deletion over HTTP.</summary>
public sealed class CascadeApiTests(RunningServer server) : IClassFixture<RunningServer>, IDisposable
{
    private readonly HttpClient _client = server.SignedIn();

    public void Dispose() => _client.Dispose();

    [Fact]
    public async Task A_dry_run_answers_with_the_plan_and_makes_no_operation()
    {
        var center = await Center();
        var before = await Store.Count<Operation>();
        using var answer = await _client.DeleteAsync($"/api/v1/data-centers/{center}?dryRun=true");
        answer.StatusCode.ShouldBe(HttpStatusCode.OK);
        var plan = (await answer.Content.ReadFromJsonAsync<JsonObject>())!;
        ((bool)plan["refused"]!, (long)plan["hindranceCount"]!, plan["hindrances"]![0]!["kind"]!.ToString()).ShouldBe((true, 1, "cluster"));
        var whole = plan["withCascade"]!;
        ((bool)whole["refused"]!, (long)whole["total"]!, (long)whole["counts"]!["cluster"]!).ShouldBe((false, 2, 1));
        whole["steps"]!.AsArray().Select(step => $"{step!["action"]} {step["kind"]}").ShouldBe(["delete cluster", "delete data-center"]);
        (await Store.Count<Operation>()).ShouldBe(before);
        (await Store.Find<DataCenter>(center)).ShouldNotBeNull();
    }

    [Fact]
    public async Task Cascade_is_an_operation_and_without_it_the_deletion_is_refused()
    {
        var center = await Center();
        using (var refused = await _client.DeleteAsync($"/api/v1/data-centers/{center}"))
            await RunningServer.Problem(refused, HttpStatusCode.Conflict, "in-use");
        using var request = new HttpRequestMessage(HttpMethod.Delete, $"/api/v1/data-centers/{center}?cascade=true");
        request.Headers.Add("Prefer", "wait=20");
        using var answer = await _client.SendAsync(request);
        var operation = (await answer.Content.ReadFromJsonAsync<JsonObject>())!;
        (operation["kind"]!.ToString(), operation["state"]!.ToString()).ShouldBe(("cascade.delete", "succeeded"));
        (await Store.Find<DataCenter>(center)).ShouldBeNull();
    }

    [Theory]
    [InlineData("dryRun=perhaps", HttpStatusCode.BadRequest)]
    [InlineData("cascad=true", HttpStatusCode.BadRequest)]
    public async Task A_flag_that_is_none_is_refused(string query, HttpStatusCode status)
    {
        using var answer = await _client.DeleteAsync($"/api/v1/data-centers/{await Center()}?{query}");
        answer.StatusCode.ShouldBe(status);
    }

    [Fact]
    public async Task What_is_not_there_has_no_plan()
    {
        using var answer = await _client.DeleteAsync($"/api/v1/data-centers/{ServiceBed.NewId()}?dryRun=true");
        await RunningServer.Problem(answer, HttpStatusCode.NotFound, "not-found");
    }

    private IStore Store => server.Services.GetRequiredService<IStore>();

    private async Task<Id> Center()
    {
        var made = await Do("data-centers", new JsonObject { ["name"] = "center" });
        var id = Id.Parse(made["result"]!["dataCenterId"]!.ToString());
        await Do("clusters", new JsonObject { ["name"] = "cluster", ["dataCenterId"] = id.ToString() });
        return id;
    }

    private async Task<JsonObject> Do(string path, JsonObject body)
    {
        using var answer = await _client.PostAsJsonAsync($"/api/v1/{path}", body);
        answer.IsSuccessStatusCode.ShouldBeTrue();
        return (await answer.Content.ReadFromJsonAsync<JsonObject>())!;
    }
}
