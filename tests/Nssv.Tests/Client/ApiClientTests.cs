using System.Text.Json.Nodes;
using Microsoft.AspNetCore.Http;
using Nssv.Client;
using Nssv.Client.Problems;
using Shouldly;
using Xunit;

namespace Nssv.Tests.Client;

public sealed class ApiClientTests
{
    [Fact]
    public async Task Signing_in_sends_the_password_once_and_no_token()
    {
        await using var manager = await TestManager.Start(context => context.Json("""{"token":"abc","expiresAt":"2030-01-01T00:00:00Z"}""", 201));
        using var client = manager.Client();

        var session = await client.SignIn("admin", "secret");

        session["token"].AsText().ShouldBe("abc");
        var seen = manager.Seen.ShouldHaveSingleItem();
        seen.Path.ShouldBe("/api/v1/sessions");
        JsonNode.Parse(seen.Body)!.ToJsonString().ShouldBe("""{"accountName":"admin","password":"secret"}""");
        seen.Headers.ShouldNotContainKey("Authorization");
    }

    [Fact]
    public async Task A_manager_that_is_not_ready_says_why()
    {
        await using var manager = await TestManager.Start(context => context.Json(
            """{"status":"not ready","checks":[{"name":"database","ok":false,"detail":"It is full."},{"name":"serving","ok":true}]}""", 503));
        using var client = manager.Client();

        (await client.WhyNotReady()).ShouldBe(["database: It is full."]);
        (await client.IsReady()).ShouldBeFalse();
    }

    [Fact]
    public async Task A_list_follows_cursors_to_its_end()
    {
        await using var manager = await TestManager.Start(context => context.Request.Query["cursor"].ToString() switch
        {
            "" => context.Json("""{"items":[{"id":"1"},{"id":"2"}],"nextCursor":"a+b/c="}"""),
            "a+b/c=" => context.Json("""{"items":[{"id":"3"}]}"""),
            _ => context.Json("{}", 400),
        });
        using var client = manager.Client();

        var ids = await Ids(client.List("hosts", new ListQuery("name = \"a b\"", "createdAt desc")));

        ids.ShouldBe(["1", "2", "3"]);
        manager.Seen.Last().Path.ShouldBe("/api/v1/hosts?limit=500&filter=name%20%3D%20%22a%20b%22&sort=createdAt%20desc&cursor=a%2Bb%2Fc%3D");
        manager.Seen.ShouldAllBe(request => request.Headers["Authorization"] == "Bearer token-1");
    }

    [Fact]
    public async Task A_limit_is_asked_of_the_server_and_kept()
    {
        await using var manager = await TestManager.Start(context => context.Json("""{"items":[{"id":"1"},{"id":"2"},{"id":"3"}],"nextCursor":"x"}"""));
        using var client = manager.Client();

        (await Ids(client.List("hosts", new ListQuery(Limit: 2)))).ShouldBe(["1", "2"]);

        manager.Seen.ShouldHaveSingleItem().Path.ShouldBe("/api/v1/hosts?limit=2");
    }

    [Fact]
    public async Task A_mutation_is_repeated_with_the_same_key_after_passing_faults()
    {
        var calls = 0;
        await using var manager = await TestManager.Start(context =>
        {
            switch (Interlocked.Increment(ref calls))
            {
                case 1:
                    return context.Problem(503, """{"title":"busy","code":"busy"}""");
                case 2:
                    context.Abort();
                    return Task.CompletedTask;
                default:
                    return context.Json("""{"id":"op-1","kind":"virtual-machine.start","state":"queued"}""", 202);
            }
        });
        using var client = manager.Client();

        var operation = await client.Mutate(new ApiRequest(HttpMethod.Post, "/api/v1/virtual-machines/1:start") { Body = new JsonObject(), Wait = TimeSpan.FromSeconds(30) });

        operation.Id.ShouldBe("op-1");
        manager.Seen.Count.ShouldBe(3);
        manager.Seen.Select(request => request.Headers["Idempotency-Key"]).Distinct().ShouldHaveSingleItem().ShouldNotBeNullOrEmpty();
        manager.Seen.ShouldAllBe(request => request.Headers["Prefer"] == "wait=30");
    }

    [Fact]
    public async Task Two_mutations_have_two_keys()
    {
        await using var manager = await TestManager.Start(context => context.Json("""{"id":"op-1","state":"queued"}""", 202));
        using var client = manager.Client();

        await client.Mutate(new ApiRequest(HttpMethod.Delete, "/api/v1/volumes/1"));
        await client.Mutate(new ApiRequest(HttpMethod.Delete, "/api/v1/volumes/1"));

        manager.Seen.Select(request => request.Headers["Idempotency-Key"]).Distinct().Count().ShouldBe(2);
    }

    [Fact]
    public async Task A_refusal_is_not_repeated_and_carries_everything_the_server_said()
    {
        await using var manager = await TestManager.Start(context => context.Problem(422, """
            {"type":"https://nssv.dev/problems/invalid","title":"The request is not valid","status":422,"code":"invalid","detail":"two fields","advice":"mend them",
             "field":"name","errors":[{"field":"name","code":"empty","detail":"must not be empty"}],"candidates":["a"],"operationId":"op-9","more":1}
            """));
        using var client = manager.Client();

        var refused = await Should.ThrowAsync<ApiProblemException>(client.Mutate(new ApiRequest(HttpMethod.Post, "/api/v1/hosts") { Body = new JsonObject() }));

        manager.Seen.Count.ShouldBe(1);
        var problem = refused.Problem;
        (problem.Status, problem.Code, problem.Title, problem.Detail, problem.Advice, problem.Field, problem.OperationId)
            .ShouldBe((422, "invalid", "The request is not valid", "two fields", "mend them", "name", "op-9"));
        problem.Errors.ShouldHaveSingleItem().ShouldBe(new FieldProblem("name", "empty", "must not be empty"));
        problem.Candidates.ShouldHaveSingleItem().Id.ShouldBe("a");
        problem.ToJson()["more"].AsInt64().ShouldBe(1);
    }

    [Fact]
    public async Task A_page_that_is_no_problem_still_makes_one()
    {
        await using var manager = await TestManager.Start(context =>
        {
            context.Response.StatusCode = 404;
            return context.Response.WriteAsync("<html>nginx</html>");
        });
        using var client = manager.Client();

        var refused = await Should.ThrowAsync<ApiProblemException>(client.Get("hosts", "1"));

        refused.Problem.Status.ShouldBe(404);
        refused.Problem.Detail.ShouldBe("<html>nginx</html>");
    }

    [Fact]
    public async Task An_expired_session_is_renewed_once()
    {
        var renewals = 0;
        await using var manager = await TestManager.Start(context =>
            context.Request.Headers.Authorization == "Bearer fresh" ? context.Json("""{"id":"1"}""") : context.Problem(401, """{"title":"Sign in"}"""));
        using var client = manager.Client((renew, _) => ValueTask.FromResult<string?>(renew && Interlocked.Increment(ref renewals) > 0 ? "fresh" : "stale"));

        (await client.Get("hosts", "1"))["id"].AsText().ShouldBe("1");

        renewals.ShouldBe(1);
    }

    [Fact]
    public async Task A_token_that_cannot_be_renewed_is_not_tried_again()
    {
        await using var manager = await TestManager.Start(context => context.Problem(401, """{"title":"Sign in"}"""));
        using var client = manager.Client();

        (await Should.ThrowAsync<ApiProblemException>(client.Get("hosts", "1"))).Problem.Status.ShouldBe(401);

        manager.Seen.Count.ShouldBe(1);
    }

    [Theory]
    [InlineData("3", "\"3\"")]
    [InlineData("\"3\"", "\"3\"")]
    [InlineData("*", "*")]
    public async Task A_version_becomes_an_entity_tag(string given, string sent)
    {
        await using var manager = await TestManager.Start(context => context.Json("""{"id":"op-1","state":"queued"}""", 202));
        using var client = manager.Client();

        await client.Mutate(new ApiRequest(HttpMethod.Patch, "/api/v1/hosts/1") { Body = new JsonObject(), IfMatch = given });

        manager.Seen.ShouldHaveSingleItem().Headers["If-Match"].ShouldBe(sent);
    }

    private static async Task<List<string?>> Ids(IAsyncEnumerable<JsonObject> items)
    {
        var ids = new List<string?>();
        await foreach (var item in items)
        {
            ids.Add(item["id"].AsText());
        }

        return ids;
    }
}
