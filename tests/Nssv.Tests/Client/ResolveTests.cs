using Nssv.Client;
using Nssv.Client.Problems;
using Shouldly;
using Xunit;

namespace Nssv.Tests.Client;

public sealed class ResolveTests
{
    private const string Id = "0192d1a0-0000-7000-8000-000000000001";

    [Fact]
    public async Task An_id_is_fetched_directly()
    {
        await using var manager = await TestManager.Start(context => context.Json($$"""{"id":"{{Id}}","name":"web"}"""));
        using var client = manager.Client();

        (await client.Resolve("virtual-machines", Id))["name"].AsText().ShouldBe("web");

        manager.Seen.ShouldHaveSingleItem().Path.ShouldBe($"/api/v1/virtual-machines/{Id}");
    }

    [Fact]
    public async Task A_resource_named_like_an_id_is_found_too()
    {
        await using var manager = await TestManager.Start(context => context.Request.Path.Value!.EndsWith(Id, StringComparison.Ordinal)
            ? context.Problem(404, """{"title":"none"}""")
            : context.Json("""{"items":[{"id":"other"}]}"""));
        using var client = manager.Client();

        (await client.Resolve("virtual-machines", Id))["id"].AsText().ShouldBe("other");
    }

    [Fact]
    public async Task A_name_that_one_resource_has_is_enough()
    {
        await using var manager = await TestManager.Start(context => context.Json("""{"items":[{"id":"1","name":"we\"b\\"}]}"""));
        using var client = manager.Client();

        (await client.Resolve("virtual-machines", "we\"b\\"))["id"].AsText().ShouldBe("1");

        Uri.UnescapeDataString(manager.Seen.ShouldHaveSingleItem().Path).ShouldContain("""filter=name = "we\"b\\" """.TrimEnd());
    }

    [Fact]
    public async Task A_name_that_several_have_lists_them()
    {
        await using var manager = await TestManager.Start(context => context.Json("""{"items":[{"id":"1","name":"web","state":"running"},{"id":"2","name":"web","state":"stopped"}]}"""));
        using var client = manager.Client();

        var problem = (await Should.ThrowAsync<ApiProblemException>(client.Resolve("virtual-machines", "web"))).Problem;

        problem.Code.ShouldBe("ambiguous-name");
        problem.Candidates.ShouldBe([new Candidate("1", "web", "running"), new Candidate("2", "web", "stopped")]);
        problem.Advice.ShouldNotBeNull();
    }

    [Fact]
    public async Task A_name_that_none_has_is_not_found()
    {
        await using var manager = await TestManager.Start(context => context.Json("""{"items":[]}"""));
        using var client = manager.Client();

        var problem = (await Should.ThrowAsync<ApiProblemException>(client.Resolve("virtual-machines", "web"))).Problem;

        (problem.Status, problem.Code).ShouldBe((404, "not-found"));
        problem.Detail.ShouldBe("None of the virtual machines has the id or name \"web\".");
        (await Should.ThrowAsync<ApiProblemException>(client.Resolve("recycle-bin", "web"))).Problem.Detail.ShouldBe("Nothing in the recycle bin has the id or name \"web\".");
    }
}
