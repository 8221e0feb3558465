using System.Security.Cryptography.X509Certificates;
using System.Text.Json.Nodes;
using Microsoft.AspNetCore.Http;
using Nssv.Client;
using Nssv.Tests.Client;
using Shouldly;
using Xunit;

namespace Nssv.Tests.Cli;

/// <summary>What the platform answers, as a person at the command line reads it: in words that can be typed here. Programs get it as it came.</summary>
public sealed class PersonsWordsTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("nssv-words-").FullName;
    private readonly X509Certificate2 _authority = TestCertificates.Make("CN=authority", null, "");

    [Fact]
    public async Task A_wrong_field_is_named_as_its_option()
    {
        const string refusal = """
            {"title":"The request is not valid.","status":400,"code":"invalid-value","detail":"memoryBytes is at least 16 MiB.","advice":"Correct 'memoryBytes' and name one with clusterId.",
            "errors":[{"field":"memoryBytes","code":"out-of-range","detail":"memoryBytes is at least 16 MiB."},{"field":"nics[0].portGroupId","code":"x","detail":"There is none."},{"field":"name","code":"x","detail":"too long"}]}
            """;
        string[] create = ["vm", "create", "first", "--image", "i", "--cpus", "1", "--memory", "1M", "--nic", "n"];
        var run = await Run(context => context.Request.Method == "GET" ? context.Json("""{"items":[{"id":"1","name":"x"}]}""") : context.Problem(400, refusal), create);
        run.Error.ShouldBe("""
            Error: The request is not valid (invalid-value)
              --memory is at least 16 MiB.
              - --memory: --memory is at least 16 MiB.
              - --nic: There is none.
              - NAME: too long
            Advice: Correct '--memory' and name one with --cluster.

            """.ReplaceLineEndings("\n"));
        var program = await Run(context => context.Request.Method == "GET" ? context.Json("""{"items":[{"id":"1","name":"x"}]}""") : context.Problem(400, refusal), [.. create, "-o", "json"]);
        JsonNode.Parse(program.Out)!.ToJsonString().ShouldBe(JsonNode.Parse(refusal)!.ToJsonString());
    }

    [Fact]
    public async Task A_value_and_a_version_are_given_by_options()
    {
        const string format = """{"title":"no","status":422,"code":"image-format-mismatch","detail":"It looks like raw.","advice":"Give format=raw if that is what it is; label it a=b.","field":"format"}""";
        (await Run(context => context.Problem(422, format), "image", "add", "--url", "https://x/a.qcow2")).Error.ShouldEndWith("  Option: --format\nAdvice: Give --format raw if that is what it is; label it a=b.\n");
        const string stale = """{"title":"no","status":412,"code":"version-mismatch","detail":"'x' has version 4; If-Match names 3."}""";
        (await Run(context => context.Request.Method == "GET" ? context.Json("""{"items":[{"id":"1","name":"x"}]}""") : context.Problem(412, stale), "vm", "set", "x", "--cpus", "2", "--if-match", "3"))
            .Error.ShouldEndWith("  'x' has version 4; --if-match names 3.\n");
    }

    [Fact]
    public async Task Who_has_no_session_is_told_how_to_give_one_here()
    {
        const string refusal = """{"title":"Sign in first.","status":401,"code":"session-needed","advice":"Sign in with POST /api/v1/sessions and send its token as 'Authorization: Bearer <token>'."}""";
        var run = await Run(context => context.Problem(401, refusal), "vm", "list");
        run.Error.ShouldContain("--token-file");
        run.Error.ShouldNotContain("Bearer");
        (await Run(context => context.Problem(401, refusal), "vm", "list", "-o", "json")).Out.ShouldContain("Bearer");
    }

    [Fact]
    public async Task What_lies_in_the_recycle_bin_is_not_just_not_found()
    {
        const string found = """{"items":[{"id":"i","resourceId":"r-1","kind":"virtual-machine","name":"first","deletedAt":"2026-01-01T00:00:00Z","expungeAt":"2026-01-08T00:00:00Z"}]}""";
        var run = await Run(Bin(found), "vm", "show", "first");
        run.ExitCode.ShouldBe(1);
        run.Error.ShouldStartWith("Error: It is in the recycle bin (recycled)\n  The vm \"first\" was deleted ");
        run.Error.ShouldContain("It can be recovered until 2026-01-08 ");
        run.Error.ShouldContain("Advice: nssv recycle-bin recover 'first' brings it back;");
        (await Run(Bin(found.Replace("\"2026-01-08T00:00:00Z\"", "null", StringComparison.Ordinal)), "vm", "start", "first")).Error.ShouldContain("It stays there until a person expunges it.");
        (await Run(Bin("""{"items":[]}"""), "vm", "show", "first")).Error.ShouldContain("Advice: 'nssv vm list' lists what there is.");
        (await Run(context => context.Request.Path == "/api/v1/recycle-bin" ? context.Problem(403, """{"title":"no","code":"forbidden"}""") : context.Json("""{"items":[]}"""), "vm", "show", "first"))
            .Error.ShouldContain("'nssv vm list'");

        static Func<HttpContext, Task> Bin(string found) => context =>
            context.Request.Path == "/api/v1/recycle-bin" && context.Request.Query["filter"] == "name = \"first\" AND kind = \"virtual-machine\"" ? context.Json(found) : context.Json("""{"items":[]}""");
    }

    [Fact]
    public async Task What_counts_from_the_next_start_is_said()
    {
        const string done = """{"id":"op-1","kind":"virtual-machine.update","state":"succeeded","target":{"type":"virtual-machine","id":"vm-1"},"steps":[],"result":{"fromNextStart":["cpuCount","memoryBytes"]}}""";
        var run = await Run(
            context => context.Request.Method == "GET" ? context.Json("""{"items":[{"id":"1","name":"x"}]}""") : context.Json(done, 202), "vm", "set", "x", "--cpus", "4", "--memory", "1G");
        run.Out.ShouldBe("Changing vm x: done. (vm-1)\nIt runs: --cpus and --memory will count from its next start.\n");
    }

    [Fact]
    public async Task A_tag_that_leads_to_what_may_not_be_read_shows_its_id()
    {
        const string id = "01890000-0000-7000-8000-000000000001";
        var run = await Run(
            context => (context.Request.Path.Value!.Split('/')[3], context.Request.Path.Value!.EndsWith(id, StringComparison.Ordinal)) switch
            {
                ("tag-types", _) => context.Json("""{"items":[{"id":"1","name":"compute.pinnedToHost","kind":"reference","refersTo":"hosts","known":true,"title":"T","description":"D"}]}"""),
                ("hosts", _) => context.Problem(403, """{"title":"no","code":"forbidden","status":403}"""),
                _ => context.Json($$$"""{"id":"{{{id}}}","tags":{"compute.pinnedToHost":"h-id"}}"""),
            },
            "vm", "tag", "list", id, "-o", "json");
        JsonNode.Parse(run.Out)![0]!["refersTo"].AsText().ShouldBe("h-id", run.Error);
    }

    [Fact]
    public async Task What_is_in_the_way_is_told_with_the_command_that_removes_it()
    {
        const string id = "01890000-0000-7000-8000-000000000001";
        const string plan = $$"""
            {"refused":true,"total":1,"counts":{},"steps":[],"hindrances":[{"kind":"virtual-machine","id":"{{id}}","name":"web","because":"virtual-machine 'web' ({{id}}) uses image 'micro' (2).",
            "advice":"Remove it first: DELETE /api/v1/virtual-machines/{{id}}?expunge=true."}],"hindranceCount":1,"withCascade":null}
            """;
        var run = await Run(context => context.Request.Method == "GET" ? context.Json("""{"items":[{"id":"2","name":"micro"}]}""") : context.Json(plan), "image", "delete", "micro", "--dry-run");
        run.Out.ShouldContain($"In the way:\n  virtual-machine 'web' ({id}) uses image 'micro' (2).\n    Remove it first: 'nssv vm delete {id} --expunge'.\n", customMessage: "its name may be another's too");
    }

    public void Dispose()
    {
        _authority.Dispose();
        Directory.Delete(_folder, recursive: true);
    }

    private async Task<CliRun> Run(Func<HttpContext, Task> answer, params string[] arguments)
    {
        using var certificate = TestCertificates.Make("CN=localhost", _authority, "localhost");
        await using var manager = await TestManager.Start(answer, certificate);
        var file = Path.Combine(_folder, "ca.crt");
        await File.WriteAllTextAsync(file, _authority.ExportCertificatePem());
        return await CliRun.With(new Dictionary<string, string> { ["NSSV_SERVER"] = manager.Address.ToString(), ["NSSV_TOKEN"] = "token-1", ["NSSV_CA"] = file, ["NSSV_HOME"] = _folder }, arguments);
    }
}
