using System.Net;
using System.Net.Http.Json;
using System.Text.Json.Nodes;
using Microsoft.Extensions.DependencyInjection;
using Nssv.Contracts.Inventory;
using Nssv.Contracts.Platform;
using Nssv.Contracts.Storage;
using Nssv.Kernel;
using Nssv.Kernel.Data;
using Nssv.Tests.Data;
using Nssv.Tests.Services;
using Shouldly;
using Xunit;

namespace Nssv.Tests.Server;

/// <summary>Deleting, recovering and expunging over HTTP, and the platform's own schedule.</summary>
public sealed class RecycleBinApiTests(RunningServer server) : IClassFixture<RunningServer>, IDisposable
{
    private readonly HttpClient _client = server.SignedIn();

    public void Dispose() => _client.Dispose();

    [Fact]
    public async Task A_deleted_volume_is_in_the_recycle_bin_only_until_it_is_recovered()
    {
        var id = await Volume();
        (await Do(HttpMethod.Delete, $"volumes/{id}"))["kind"]!.ToString().ShouldBe("volume.recycle");

        (await Items("volumes", $"id = \"{id}\"")).ShouldBeEmpty();
        var shown = (await _client.GetFromJsonAsync<JsonObject>($"/api/v1/volumes/{id}"))!;
        (shown["state"]!.ToString(), shown["deletedAt"] is null, shown["expungeAt"] is null).ShouldBe(("recycled", false, false));
        var item = (await Items("recycle-bin", $"resourceId = \"{id}\"")).ShouldHaveSingleItem()!;
        (item["kind"]!.ToString(), item["name"]!.ToString(), (long)item["occupiedBytes"]!).ShouldBe(("volume", "disk", 1L << 20));

        await Do(HttpMethod.Post, $"volumes/{id}:recover");
        (await Items("volumes", $"id = \"{id}\"")).Count.ShouldBe(1);
        (await Items("recycle-bin", $"resourceId = \"{id}\"")).ShouldBeEmpty();
        using var refused = await _client.PostAsJsonAsync($"/api/v1/volumes/{id}:expunge", new JsonObject());
        await RunningServer.Problem(refused, HttpStatusCode.Conflict, "not-recycled");
        await Do(HttpMethod.Post, $"volumes/{id}:expunge", new JsonObject { ["ifDueBy"] = "2026-01-01T00:00:00Z" });
    }

    [Fact]
    public async Task A_policy_is_one_of_three_or_none()
    {
        var id = await Volume();
        await Do(HttpMethod.Patch, $"volumes/{id}", new JsonObject { ["deletionPolicy"] = "never" });
        using var wrong = await _client.PatchAsJsonAsync($"/api/v1/volumes/{id}", new JsonObject { ["deletionPolicy"] = "perhaps" });
        wrong.StatusCode.ShouldBe(HttpStatusCode.BadRequest);
        await Do(HttpMethod.Delete, $"volumes/{id}");
        (await Items("recycle-bin", $"resourceId = \"{id}\"")).ShouldHaveSingleItem()!["expungeAt"].ShouldBeNull();
        using var recycled = await _client.PatchAsJsonAsync($"/api/v1/volumes/{id}", new JsonObject { ["deletionPolicy"] = null });
        await RunningServer.Problem(recycled, HttpStatusCode.Conflict, "recycled");
    }

    [Fact]
    public async Task The_running_manager_has_made_the_sweep_and_runs_it_when_it_is_due()
    {
        var id = await Volume();
        await Do(HttpMethod.Delete, $"volumes/{id}");
        await Poll.Until("the platform's own schedule", async () => await Sweep() is not null);
        var before = (await Sweep())!;
        (before.TimeZone, before.Enabled, before.NextRunAt > server.Time.GetUtcNow()).ShouldBe(("UTC", true, true));

        // Its time comes by its row: the manager's clock is the real one.
        var writer = server.Services.GetRequiredService<IWriter>();
        await writer.Commit(new UnitOfWork().Observe(before, before with { NextRunAt = Clock.Now(server.Time).AddSeconds(-1) }));
        await Poll.Until("a run", async () => (await Sweep())!.LastOperationId is not null);

        var after = (await Sweep())!;
        after.NextRunAt.ShouldBe(before.NextRunAt);
        (await server.Services.GetRequiredService<IStore>().Get<Volume>(id)).State.ShouldBe(VolumeState.Recycled, "its seven days are not over");
    }

    private async Task<Schedule?> Sweep() =>
        await server.Services.GetRequiredService<IStore>().First<Schedule>(Condition.Equal(nameof(Schedule.Action), "recycle-bin.sweep"));

    private async Task<Id> Volume()
    {
        var host = await server.AddHost();
        var center = (await server.Services.GetRequiredService<IStore>().Get<Cluster>(host.ClusterId)).DataCenterId;
        var storage = new DataStorage
        {
            Id = ServiceBed.NewId(),
            ProjectId = server.PlatformId,
            CreatedBy = server.PlatformId,
            CreatedAt = host.CreatedAt,
            UpdatedAt = host.CreatedAt,
            Version = 1,
            Name = "data",
            DataCenterId = center,
            Kind = "local",
            Path = "/srv/data",
            State = StorageState.Attached,
        };
        var volume = Samples.Volume(host.Id, storage.Id, image: null);
        await server.Services.GetRequiredService<IWriter>().Commit(new UnitOfWork().Insert(storage).Insert(volume));
        return volume.Id;
    }

    private async Task<JsonArray> Items(string collection, string filter) =>
        (await _client.GetFromJsonAsync<JsonObject>($"/api/v1/{collection}?filter={Uri.EscapeDataString(filter)}"))!["items"]!.AsArray();

    private async Task<JsonObject> Do(HttpMethod method, string path, JsonObject? body = null)
    {
        using var request = new HttpRequestMessage(method, $"/api/v1/{path}") { Content = method == HttpMethod.Delete ? null : JsonContent.Create(body ?? []) };
        request.Headers.Add("Prefer", "wait=20");
        using var answer = await _client.SendAsync(request);
        answer.StatusCode.ShouldBe(HttpStatusCode.OK, await answer.Content.ReadAsStringAsync());
        var operation = (await answer.Content.ReadFromJsonAsync<JsonObject>())!;
        operation["state"]!.ToString().ShouldBe("succeeded", operation.ToJsonString());
        return operation;
    }
}
