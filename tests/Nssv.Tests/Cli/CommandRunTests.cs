using System.Security.Cryptography.X509Certificates;
using System.Text.Json.Nodes;
using Microsoft.AspNetCore.Http;
using Nssv.Client;
using Nssv.Tests.Client;
using Shouldly;
using Xunit;

namespace Nssv.Tests.Cli;

/// <summary>Whole commands against a server that answers as told: what is sent, what is written where, and the exit code.</summary>
public sealed class CommandRunTests : IDisposable
{
    private const string Accepted = """{"id":"op-1","kind":"virtual-machine.create","state":"queued","progress":0,"target":{"type":"virtual-machine","id":"vm-1"},"steps":[]}""";
    private const string Done = """{"id":"op-1","kind":"virtual-machine.create","state":"succeeded","progress":100,"target":{"type":"virtual-machine","id":"vm-1"},"startedAt":"2026-01-01T00:00:00Z","endedAt":"2026-01-01T00:00:03.2Z","steps":[{"name":"reserve-host","state":"done"}]}""";
    private const string Failed = """{"id":"op-1","kind":"virtual-machine.create","state":"failed","steps":[{"name":"reserve-host","state":"undone"}],"error":{"title":"No host has room","status":409,"code":"no-capacity","detail":"No host has 9 GiB of memory left.","advice":"Stop a vm or add a host."}}""";
    private readonly string folder = Directory.CreateTempSubdirectory("nssv-run-").FullName;
    private readonly X509Certificate2 authority = TestCertificates.Make("CN=authority", null, "");

    [Fact]
    public async Task Creating_a_vm_sends_what_was_given_and_resolves_names()
    {
        await using var manager = await Manager(Done);

        var run = await Run(manager, "vm", "create", "first", "--image", "micro", "--cpus", "2", "--memory", "256MiB", "--disk", "1GiB", "--data-disk", "1G", "--data-disk", "2G",
            "--nic", "net", "--firmware", "uefi", "--label", "a=b=c", "--no-start");

        run.ShouldBe(new CliRun(0, "Creating vm first: accepted as operation op-1.\nFollow it with: nssv operation wait op-1\n", ""));
        var post = manager.Seen.Single(request => request.Method == "POST");
        post.Path.ShouldBe("/api/v1/virtual-machines");
        JsonNode.Parse(post.Body)!.ToJsonString().ShouldBe(
            """{"name":"first","imageId":"id-of-images","cpuCount":2,"memoryBytes":268435456,"rootDisk":{"sizeBytes":1073741824},"firmware":"uefi","labels":{"a":"b=c"},"dataDisks":[{"sizeBytes":1073741824},{"sizeBytes":2147483648}],"nics":[{"portGroupId":"id-of-port-groups"}],"start":false}""");
    }

    [Fact]
    public async Task Waiting_tells_each_step_on_standard_error_and_the_end_on_standard_output()
    {
        await using var manager = await Manager(Done);

        var run = await Run(manager, "vm", "create", "first", "--image", "micro", "--cpus", "1", "--memory", "1G", "--wait");

        run.ExitCode.ShouldBe(0);
        run.Out.ShouldBe("Creating vm first: done in 3.2 s. (vm-1)\n");
        run.Error.ShouldBe("Creating vm first\n  reserve-host: started\n  reserve-host: done\n");
    }

    [Fact]
    public async Task One_that_ended_before_anybody_looked_is_told_as_any_other()
    {
        await using var manager = await Manager(Done, accepted: Done);

        var run = await Run(manager, "vm", "create", "first", "--image", "micro", "--cpus", "1", "--memory", "1G", "--wait");

        run.ShouldBe(new CliRun(0, "Creating vm first: done in 3.2 s. (vm-1)\n", "Creating vm first\n  reserve-host: started\n  reserve-host: done\n"));
    }

    [Fact]
    public async Task For_a_program_waiting_writes_the_operation_and_nothing_else()
    {
        await using var manager = await Manager(Done);

        var run = await Run(manager, "vm", "create", "first", "--image", "micro", "--cpus", "1", "--memory", "1G", "--wait", "--output", "json");

        run.ExitCode.ShouldBe(0);
        run.Error.ShouldBeEmpty();
        JsonNode.Parse(run.Out).At("state").AsText().ShouldBe("succeeded");
    }

    [Theory]
    [InlineData("table")]
    [InlineData("json")]
    public async Task An_operation_that_fails_fails_the_command(string format)
    {
        await using var manager = await Manager(Failed);

        var run = await Run(manager, "vm", "create", "first", "--image", "micro", "--cpus", "1", "--memory", "9G", "--wait", "--output", format);

        run.ExitCode.ShouldBe(1);
        if (format == "json")
        {
            var problem = JsonNode.Parse(run.Out);
            (problem.At("code").AsText(), problem.At("operationId").AsText(), problem.At("status").AsInt64()).ShouldBe(("no-capacity", "op-1", 409));
        }
        else
        {
            run.Out.ShouldBeEmpty();
            run.Error.ShouldEndWith("Error: No host has room (no-capacity)\n  No host has 9 GiB of memory left.\n  Operation: op-1\nAdvice: Stop a vm or add a host.\n");
        }
    }

    [Fact]
    public async Task Stopping_passes_the_grace_time_in_seconds()
    {
        await using var manager = await Manager(Done);

        (await Run(manager, "vm", "stop", "first", "--grace", "1m30s")).ExitCode.ShouldBe(0);

        var post = manager.Seen.Single(request => request.Method == "POST");
        (post.Path, post.Body).ShouldBe(("/api/v1/virtual-machines/id-of-virtual-machines:stop", """{"graceSeconds":90}"""));
    }

    [Fact]
    public async Task Changing_is_a_merge_patch_with_the_version_asked_for()
    {
        await using var manager = await Manager(Done);

        (await Run(manager, "vm", "set", "first", "--cpus", "4", "--label", "old-", "--if-match", "7")).ExitCode.ShouldBe(0);

        var patch = manager.Seen.Single(request => request.Method == "PATCH");
        (patch.Body, patch.Headers["If-Match"]).ShouldBe(("""{"labels":{"old":null},"cpuCount":4}""", "\"7\""));
        patch.Headers["Content-Type"].ShouldStartWith("application/merge-patch+json");
    }

    [Fact]
    public async Task A_setting_is_changed_and_reset_by_its_name()
    {
        await using var manager = await Manager(Done);

        (await Run(manager, "setting", "set", "retention.events", "14 days", "--if-match", "2")).ExitCode.ShouldBe(0);
        (await Run(manager, "setting", "reset", "retention.events")).ExitCode.ShouldBe(0);

        var patch = manager.Seen.Single(request => request.Method == "PATCH");
        (patch.Path, patch.Body, patch.Headers["If-Match"]).ShouldBe(("/api/v1/settings/retention.events", """{"value":"14 days"}""", "\"2\""));
        manager.Seen.Single(request => request.Method == "POST").Path.ShouldBe("/api/v1/settings/retention.events:reset");
    }

    [Fact]
    public async Task The_audit_is_exported_line_by_line_and_a_finding_fails_the_verification()
    {
        await using var manager = await Manager(Done);

        var export = await Run(manager, "audit", "export", "--filter", "action = \"x\"");
        var verify = await Run(manager, "audit", "verify");

        export.ShouldBe(new CliRun(0, "{\"sequence\":1}\n{\"sequence\":2}\n", ""));
        manager.Seen.First().Path.ShouldBe("/api/v1/audit-entries:export?filter=action%20%3D%20%22x%22");
        verify.ShouldBe(new CliRun(1, "", "The audit is not as it was written: entry 3 is changed. Its content does not have its hash.\nBefore it, 2 entries are good.\n"));
    }

    [Fact]
    public async Task A_local_image_is_uploaded_when_the_platform_waits_for_it()
    {
        var file = Path.Combine(folder, "debian.qcow2");
        await File.WriteAllBytesAsync(file, new byte[100_000]);
        await using var manager = await Manager(Done, waiting: true);

        var run = await Run(manager, "image", "add", "--file", file, "--wait");

        run.ExitCode.ShouldBe(0, run.Error);
        JsonNode.Parse(manager.Seen.Single(request => request.Method == "POST").Body)!.ToJsonString()
            .ShouldBe("""{"name":"debian","kind":"system","format":"qcow2","source":{"upload":true}}""");
        manager.Seen.Single(request => request.Method == "PUT").Headers["Content-Length"].ShouldBe("100000");
        run.Error.ShouldContain("100 % of 97.7 KiB sent");
    }

    [Fact]
    public async Task An_upload_that_broke_off_says_what_is_left_and_how_to_begin_again()
    {
        var file = Path.Combine(folder, "debian.qcow2");
        await File.WriteAllBytesAsync(file, new byte[1000]);
        await using var manager = await TestManager.Start(
            context => context.Request.Method switch
            {
                "POST" => context.Json(Accepted, 202),
                "GET" when context.Request.Path == "/api/v1/operations/op-1" => context.Json(Accepted.Replace("queued", "waiting", StringComparison.Ordinal)),
                "PUT" => context.Problem(500, """{"title":"It broke off","code":"internal","status":500}"""),
                _ => context.Problem(404, """{"title":"None","code":"not-found","status":404}"""),
            },
            TestCertificates.Make("CN=server", authority, "localhost"));

        var run = await Run(manager, "image", "add", "--file", file);

        run.ExitCode.ShouldBe(1);
        run.Error.ShouldContain("take it away with 'nssv image delete vm-1', then add it again.");
        run.Error.ShouldContain("It broke off (internal)");
    }

    [Theory]
    [InlineData("--file", ".", "is a directory", "one file, with --file")]
    [InlineData("--file", "/nowhere/at/all.qcow2", "Could not find", "Check the path")]
    [InlineData("--url", "ftp://example.org/a", "is no http or https address", "with --file")]
    [InlineData("--url", "debian.qcow2", "is no http or https address", "with --file")]
    public async Task An_image_that_cannot_be_had_is_refused_with_what_to_do(string option, string given, string why, string advice)
    {
        await using var manager = await Manager(Done);

        var run = await Run(manager, "image", "add", option, given);

        run.ExitCode.ShouldNotBe(0);
        run.Error.ShouldContain(why);
        run.Error[run.Error.IndexOf("Advice:", StringComparison.Ordinal)..].ShouldContain(advice);
        manager.Seen.ShouldNotContain(request => request.Method == "POST");
    }

    [Fact]
    public async Task A_raw_call_writes_the_answer_and_fails_with_its_status()
    {
        await using var manager = await Manager(Done);

        var good = await Run(manager, "api", "GET", "operations/op-1");
        var bad = await Run(manager, "api", "post", "/api/v1/nothing", "--body", """{"a":1}""", "--header", "Idempotency-Key: k");

        (good.ExitCode, JsonNode.Parse(good.Out).At("id").AsText()).ShouldBe((0, "op-1"));
        (bad.ExitCode, JsonNode.Parse(bad.Out).At("code").AsText(), bad.Error).ShouldBe((1, "not-found", ""));
        var post = manager.Seen.Last();
        (post.Body, post.Headers["Idempotency-Key"]).ShouldBe(("""{"a":1}""", "k"));
    }

    [Fact]
    public async Task Shown_in_full_a_vm_names_what_it_refers_to_and_lists_its_parts()
    {
        await using var manager = await Manager(Done);

        var run = await Run(manager, "vm", "show", "x");

        run.Error.ShouldBeEmpty();
        run.Out.ShouldContain("image id  x (id-of-images)");
        manager.Seen.ShouldContain(request => request.Path.StartsWith("/api/v1/volumes?", StringComparison.Ordinal) && request.Path.Contains("id-of-virtual-machines", StringComparison.Ordinal));
        run.Out.ShouldContain("id-of-volumes");
        run.Out.ShouldContain("id-of-network-interfaces");
    }

    [Fact]
    public async Task The_token_is_read_from_a_file_and_never_shown()
    {
        await using var manager = await Manager(Done);
        var file = Path.Combine(folder, "token");
        await File.WriteAllTextAsync(file, "from-file\n");

        var run = await Run(manager, "vm", "list", "--token-file", file, "--token", "from-line");

        run.ExitCode.ShouldBe(0);
        manager.Seen.First().Headers["Authorization"].ShouldBe("Bearer from-file");
        (run.Out + run.Error).ShouldNotContain("from-");
    }

    [Fact]
    public async Task A_server_that_is_not_trusted_is_said_to_be_so()
    {
        await using var manager = await Manager(Done);

        var run = await CliRun.Of("vm", "list", "--server", manager.Address.ToString(), "--home", folder);

        run.ExitCode.ShouldBe(1);
        run.Error.ShouldContain("The manager cannot be reached (unreachable)");
        run.Error.ShouldContain("--ca");
    }

    public void Dispose()
    {
        authority.Dispose();
        Directory.Delete(folder, recursive: true);
    }

    private Task<CliRun> Run(TestManager manager, params string[] arguments)
    {
        var file = Path.Combine(folder, "ca.crt");
        File.WriteAllText(file, authority.ExportCertificatePem());
        var variables = new Dictionary<string, string> { ["NSSV_SERVER"] = manager.Address.ToString(), ["NSSV_TOKEN"] = "token-1", ["NSSV_CA"] = file, ["NSSV_HOME"] = folder };
        return CliRun.With(variables, arguments);
    }

    private Task<TestManager> Manager(string ended, bool waiting = false, string accepted = Accepted)
    {
        var uploaded = false;
        return TestManager.Start(
            async context =>
            {
                var path = context.Request.Path.Value!;
                switch (context.Request.Method)
                {
                    case "PUT":
                        await context.Request.Body.CopyToAsync(Stream.Null);
                        uploaded = true;
                        await context.Json(Accepted, 202);
                        break;
                    case "GET" when path == "/api/v1/operations/op-1":
                        await context.Json(waiting && !uploaded ? Accepted.Replace("queued", "waiting", StringComparison.Ordinal) : ended);
                        break;
                    case "GET" when path == "/api/v1/virtual-machines/id-of-virtual-machines":
                        await context.Json("""{"id":"id-of-virtual-machines","name":"x","imageId":"id-of-images"}""");
                        break;
                    case "GET" when path == "/api/v1/audit-entries:export":
                        await context.Response.WriteAsync("{\"sequence\":1}\n{\"sequence\":2}\n");
                        break;
                    case "POST" when path == "/api/v1/audit-entries:verify":
                        await context.Json("""{"valid":false,"entries":2,"firstBad":{"sequence":3,"fault":"changed","detail":"Its content does not have its hash."}}""");
                        break;
                    case "GET" when path.Split('/') is ["", "api", "v1", var collection] && collection != "events":
                        await context.Json($$"""{"items":[{"id":"id-of-{{collection}}","name":"x"}]}""");
                        break;
                    case "POST" or "PATCH" when path != "/api/v1/nothing":
                        await context.Json(accepted, 202);
                        break;
                    default:
                        await context.Problem(404, """{"title":"None","code":"not-found","status":404}""");
                        break;
                }
            },
            TestCertificates.Make("CN=server", authority, "localhost"));
    }
}
