using System.Net.Http.Headers;
using System.Text;
using System.Text.Json.Nodes;
using Nssv.Client;
using Nssv.Client.Problems;
using Shouldly;
using Xunit;

namespace Nssv.System.Tests.Platform;

/// <summary>Wrong requests: each is refused with field, reason and advice, and nothing is changed.</summary>
[Collection(SharedInstanceCollection.Name)]
public sealed class BadInputTests(SharedInstance shared)
{
    private const string Nobody = "019f0000-0000-7000-8000-000000000000";

    private readonly Instance _instance = shared.Instance;

    /// <summary>What is sent and what must come back; IMAGE, PLATFORM and the like are replaced by ids.</summary>
    private sealed record Case(string Method, string Path, string? Body, int Status, string Code, string? Field = null, string ContentType = "application/json");

    private static readonly Dictionary<string, Case> Cases = new()
    {
        ["no body"] = Vm("", 400, "invalid-request", "name"),
        ["malformed"] = Vm("{\"name\": web}", 400, "malformed-json"),
        ["truncated"] = Vm("{\"name\": \"web\", \"cpuCount\": 1, \"memo", 400, "malformed-json"),
        ["two objects"] = Vm("{} {}", 400, "malformed-json"),
        ["an array"] = Vm("[1]", 400, "malformed-json"),
        ["half a character"] = Vm(Body(("name", "\"\\ud800\"")), 400, "wrong-type", "name"),
        ["deeply nested"] = Vm($"{{\"name\": {new string('[', 10_000)}{new string(']', 10_000)}}}", 400, "malformed-json"),
        ["unknown field"] = Vm(Body(("colour", "\"red\"")), 400, "unknown-field", "colour"),
        ["unknown field inside"] = Vm(Body(("rootDisk", "{\"sizeBites\": 1}")), 400, "unknown-field", "rootDisk.sizeBites"),
        ["repeated field"] = Vm("{\"name\": \"a\", \"name\": \"b\", \"cpuCount\": 1, \"memoryBytes\": 167772160, \"imageId\": \"IMAGE\"}", 400, "repeated-field", "name"),
        ["missing field"] = Vm("{\"name\": \"a\", \"memoryBytes\": 167772160, \"imageId\": \"IMAGE\"}", 400, "required", "cpuCount"),
        ["null"] = Vm(Body(("cpuCount", "null")), 400, "null", "cpuCount"),
        ["text for a number"] = Vm(Body(("cpuCount", "\"2\"")), 400, "wrong-type", "cpuCount"),
        ["wrong content type"] = Vm(Body(), 415, "unsupported-media-type") with { ContentType = "text/plain" },
        ["form"] = Vm("name=web", 415, "unsupported-media-type") with { ContentType = "application/x-www-form-urlencoded" },
        ["name empty"] = Named("", "name-empty"),
        ["name of 1,000 characters"] = Named(new string('n', 1_000), "name-too-long"),
        ["name with a control character"] = Named("a\\u0007b", "name-not-printable"),
        ["name with a line break"] = Named("a\\nb", "name-not-printable"),
        ["name with a right-to-left override"] = Named("a\\u202eb", "name-not-printable"),
        ["name with a path"] = Named("../../etc/passwd", "name-character"),
        ["name with a quote"] = Named("a'b", "name-character"),
        ["name with double quotes"] = Named("a\\\"b", "name-character"),
        ["name with markup"] = Named("<xml>", "name-character"),
        ["name with a semicolon"] = Named("a; reboot", "name-character"),
        ["name of spaces"] = Named("  ", "name-white-space"),
        ["no CPU"] = Vm(Body(("cpuCount", "0")), 400, "out-of-range", "cpuCount"),
        ["negative CPUs"] = Vm(Body(("cpuCount", "-1")), 400, "out-of-range", "cpuCount"),
        ["half a CPU"] = Vm(Body(("cpuCount", "1.5")), 400, "wrong-type", "cpuCount"),
        ["CPUs past 32 bits"] = Vm(Body(("cpuCount", "4294967297")), 400, "wrong-type", "cpuCount"),
        ["memory past 64 bits"] = Vm(Body(("memoryBytes", "99999999999999999999")), 400, "wrong-type", "memoryBytes"),
        ["memory with an exponent"] = Vm(Body(("memoryBytes", "1e999")), 400, "wrong-type", "memoryBytes"),
        ["negative memory"] = Vm(Body(("memoryBytes", "-167772160")), 400, "out-of-range", "memoryBytes"),
        ["memory of no mebibytes"] = Vm(Body(("memoryBytes", "167772161")), 400, "not-a-multiple", "memoryBytes"),
        ["more CPUs than any host"] = Vm(Body(("cpuCount", "512")), 400, "larger-than-any-host", "cpuCount"),
        ["more memory than any host"] = Vm(Body(("memoryBytes", "17592186044416")), 400, "larger-than-any-host", "memoryBytes"),
        ["empty data disk"] = Vm(Body(("dataDisks", "[{\"sizeBytes\": 0}]")), 400, "out-of-range", "dataDisks[0].sizeBytes"),
        ["endless data disk"] = Vm(Body(("dataDisks", "[{\"sizeBytes\": 9223372036854775296}]")), 400, "out-of-range", "dataDisks[0].sizeBytes"),
        ["too many data disks"] = Vm(Body(("dataDisks", $"[{string.Join(',', Enumerable.Repeat("{\"sizeBytes\": 1048576}", 100))}]")), 400, "too-many", "dataDisks"),
        ["disk smaller than its image"] = Vm(Body(("rootDisk", "{\"sizeBytes\": 1048576}")), 400, "disk-smaller-than-image", "rootDisk.sizeBytes"),
        ["image that is no id"] = Vm(Body(("imageId", "\"micro\"")), 400, "wrong-type", "imageId"),
        ["image that is not there"] = Vm(Body(("imageId", $"\"{Nobody}\"")), 400, "reference-not-found", "imageId"),
        ["host that is not there"] = Vm(Body(("hostId", $"\"{Nobody}\"")), 400, "reference-not-found", "hostId"),
        ["cluster that is not there"] = Vm(Body(("clusterId", $"\"{Nobody}\"")), 400, "reference-not-found", "clusterId"),
        ["port group that is not there"] = Vm(Body(("nics", $"[{{\"portGroupId\": \"{Nobody}\"}}]")), 400, "reference-not-found", "nics[0].portGroupId"),
        ["MAC address of a group"] = Vm(Body(("nics", $"[{{\"portGroupId\": \"{Nobody}\", \"macAddress\": \"01:00:5e:00:00:01\"}}]")), 400, "mac-address", "nics[0].macAddress"),
        ["unknown firmware"] = Vm(Body(("firmware", "\"openfirmware\"")), 400, "wrong-type", "firmware"),
        ["own id"] = Vm(Body(("id", $"\"{Nobody}\"")), 400, "unknown-field", "id"),
        ["get nobody"] = new("GET", $"virtual-machines/{Nobody}", null, 404, "not-found"),
        ["get no id"] = new("GET", "virtual-machines/first", null, 400, "invalid-id", "id"),
        ["get a path"] = new("GET", "virtual-machines/..%2f..%2fetc", null, 400, "invalid-id", "id"),
        ["delete nobody"] = new("DELETE", $"virtual-machines/{Nobody}", null, 404, "not-found"),
        ["start nobody"] = new("POST", $"virtual-machines/{Nobody}:start", "{}", 404, "not-found"),
        ["unknown verb"] = new("POST", $"virtual-machines/{Nobody}:explode", "{}", 404, "no-such-path"),
        ["unknown collection"] = new("GET", "virtual-machine", null, 404, "no-such-path"),
        ["method that is not there"] = new("PUT", $"virtual-machines/{Nobody}", "{}", 405, "method-not-allowed"),
        ["unknown parameter"] = new("GET", "virtual-machines?filtre=x", null, 400, "unknown-parameter", "filtre"),
        ["broken filter"] = new("GET", "virtual-machines?filter=name%20%3D", null, 400, "invalid-filter", "filter"),
        ["filter with SQL"] = new("GET", "virtual-machines?filter=name%20%3D%20%22a%22%3B%20DROP%20TABLE%20images", null, 400, "invalid-filter", "filter"),
        ["grace of a year"] = new("POST", $"virtual-machines/{Nobody}:stop", "{\"graceSeconds\": 31536000}", 400, "out-of-range", "graceSeconds"),
        ["image from nowhere"] = Image("{}", 400, "source-not-one", "source"),
        ["image from two places"] = Image("{\"upload\": true, \"url\": \"https://example.org/a\"}", 400, "source-not-one", "source"),
        ["image by FTP"] = Image("{\"url\": \"ftp://example.org/a\"}", 400, "url-scheme", "source.url"),
        ["image by file URL"] = Image("{\"url\": \"file:///etc/passwd\"}", 400, "url-scheme", "source.url"),
        ["image with a password"] = Image("{\"url\": \"https://me:secret@example.org/a\"}", 400, "url-credentials", "source.url"),
        ["image from a relative file"] = Image("{\"file\": \"import/a\"}", 400, "file-not-absolute", "source.file"),
        ["image from above"] = Image("{\"file\": \"/var/lib/nssv/import/../../../../etc/passwd\"}", 400, "file-not-absolute", "source.file"),
        ["wrong kind of checksum"] = new("POST", "images", "{\"name\": \"i\", \"kind\": \"system\", \"format\": \"raw\", \"source\": {\"upload\": true}, \"checksum\": \"md5:00\"}", 400, "checksum-invalid", "checksum"),
    };

    public static TheoryData<string> Names => [.. Cases.Keys];

    [Theory]
    [MemberData(nameof(Names))]
    public async Task A_wrong_request_changes_nothing(string name)
    {
        var wrong = Cases[name];
        var image = await _instance.IdOf("images", "micro");
        var before = await Everything();
        var answer = await _instance.Api.Send(new ApiRequest(new HttpMethod(wrong.Method), $"{ApiClient.Root}/{wrong.Path}")
        {
            RawBody = wrong.Body?.Replace("IMAGE", image, StringComparison.Ordinal),
            Headers = wrong.Body is null ? [] : [new("Content-Type", wrong.ContentType)],
        });
        ShouldBeProblem(answer, wrong.Status, wrong.Code, wrong.Field);
        (await Everything()).ShouldBe(before);
    }

    [Fact]
    public async Task A_body_of_100_megabytes_is_refused_unread()
    {
        var before = await Everything();
        using var handler = new SocketsHttpHandler();
        handler.SslOptions.RemoteCertificateValidationCallback = _instance.Stranger.Trust.Accepts;
        using var http = new HttpClient(handler);
        using var message = new HttpRequestMessage(HttpMethod.Post, $"https://localhost:{_instance.Port}{ApiClient.Root}/virtual-machines");
        message.Headers.Authorization = new AuthenticationHeaderValue("Bearer", await _instance.Token());
        message.Headers.ExpectContinue = true;
        message.Content = new ByteArrayContent(Encoding.ASCII.GetBytes("{\"name\": \"" + new string('n', 100 << 20) + "\"}"));
        message.Content.Headers.ContentType = new MediaTypeHeaderValue("application/json");
        using var response = await http.SendAsync(message);
        ((int)response.StatusCode).ShouldBe(413);
        ProblemReader.FromBody(response.StatusCode, await response.Content.ReadAsStringAsync()).Code.ShouldBe("body-too-large");
        (await Everything()).ShouldBe(before);
    }

    [Fact]
    public async Task Without_a_session_nothing_is_told()
    {
        using var stranger = new ApiClient(_instance.Stranger);
        var answer = await stranger.Send(new ApiRequest(HttpMethod.Get, $"{ApiClient.Root}/virtual-machines/{Nobody}"));
        ((int)answer.Status).ShouldBe(401);
    }

    [Theory]
    [InlineData("日本語 – Ünïcödé")]
    [InlineData("web-1.example.org (blue) #2 @ 50%")]
    [InlineData("مرحبا")]
    [InlineData("rocket 🚀")]
    public async Task Printable_names_of_any_script_are_fine(string name)
    {
        var made = await _instance.Succeed(Instance.Post("port-groups", new JsonObject { ["name"] = name, ["dataCenterId"] = await _instance.IdOf("data-centers", "datacenter") }));
        ((string)(await _instance.Api.Resolve("port-groups", name))["id"]!).ShouldBe(made.TargetId);
        (await _instance.Cli("portgroup", "show", name)).ShouldContain(name);
        await _instance.Succeed(Instance.Delete($"port-groups/{made.TargetId}"));
    }

    [Fact]
    public async Task A_stale_version_and_a_key_used_for_something_else_are_refused()
    {
        var dataCenter = await _instance.IdOf("data-centers", "datacenter");
        var request = Instance.Post("port-groups", new JsonObject { ["name"] = "keyed", ["dataCenterId"] = dataCenter }) with { IdempotencyKey = $"key-{Guid.NewGuid():N}" };
        var made = await _instance.Succeed(request);
        var before = await Everything();

        // The same again is the same operation; something else is refused.
        (await _instance.Api.Mutate(request)).Id.ShouldBe(made.Id);
        ShouldBeProblem(await _instance.Api.Send(request with { Body = new JsonObject { ["name"] = "other", ["dataCenterId"] = dataCenter } }), 422, "idempotency-key-reused");
        ShouldBeProblem(await _instance.Api.Send(Instance.Delete($"port-groups/{made.TargetId}") with { IdempotencyKey = request.IdempotencyKey }), 422, "idempotency-key-reused");
        ShouldBeProblem(await _instance.Api.Send(Instance.Delete($"port-groups/{made.TargetId}") with { IdempotencyKey = "with space" }), 400, "invalid-header", "Idempotency-Key");

        var patch = new ApiRequest(HttpMethod.Patch, $"{ApiClient.Root}/port-groups/{made.TargetId}") { Body = new JsonObject { ["description"] = "new" } };
        ShouldBeProblem(await _instance.Api.Send(patch with { IfMatch = "7" }), 412, "version-mismatch");
        ShouldBeProblem(await _instance.Api.Send(patch with { Body = new JsonObject { ["dataCenterId"] = dataCenter } }), 400, "not-editable", "dataCenterId");
        ShouldBeProblem(await _instance.Api.Send(patch with { Body = new JsonObject { ["nonsense"] = 1 } }), 400, "unknown-field", "nonsense");
        (await Everything()).ShouldBe(before);
        await _instance.Succeed(patch with { IfMatch = "1" });
        ShouldBeProblem(await _instance.Api.Send(patch with { IfMatch = "1" }), 412, "version-mismatch");
        ShouldBeProblem(await _instance.Api.Send(Instance.Delete($"port-groups/{made.TargetId}") with { IfMatch = "1" }), 412, "version-mismatch");
        await _instance.Succeed(Instance.Delete($"port-groups/{made.TargetId}") with { IfMatch = "2" });
    }

    [Fact]
    public async Task What_is_in_use_stays_and_a_stopped_machine_cannot_be_paused()
    {
        var id = await _instance.CreateVm("uses", start: false);
        var image = await _instance.IdOf("images", "micro");
        var before = await Everything();
        ShouldBeProblem(await _instance.Api.Send(Instance.Delete($"images/{image}")), 409, "image-in-use");
        foreach (var verb in new[] { "pause", "resume", "reboot" })
            ShouldBeProblem(await _instance.Api.Send(Instance.Post($"virtual-machines/{id}:{verb}")), 409, "vm-wrong-state");
        var volume = await _instance.Api.List("volumes", new ListQuery($"virtualMachineId = \"{id}\"")).FirstAsync();
        ((int)(await _instance.Api.Send(Instance.Delete($"volumes/{volume["id"]}"))).Status).ShouldBe(409);
        ((int)(await _instance.Api.Send(Instance.Post($"volumes/{volume["id"]}:detach"))).Status).ShouldBeInRange(400, 409);
        (await Everything()).ShouldBe(before);

        // Stopping what is stopped is no error: nothing is left to do.
        var stopped = await _instance.Succeed(Instance.Post($"virtual-machines/{id}:stop"));
        stopped.Steps.ShouldBeEmpty();
        await _instance.DeleteVm(id);
    }

    private static Case Vm(string body, int status, string code, string? field = null) => new("POST", "virtual-machines", body, status, code, field);

    private static Case Named(string name, string code) => Vm(Body(("name", $"\"{name}\"")), 400, code, "name");

    private static Case Image(string source, int status, string code, string field) =>
        new("POST", "images", $"{{\"name\": \"i\", \"kind\": \"system\", \"format\": \"qcow2\", \"source\": {source}}}", status, code, field);

    /// <summary>A good request with some fields put in or replaced.</summary>
    private static string Body(params (string Name, string Json)[] changes)
    {
        var fields = new Dictionary<string, string> { ["name"] = "\"web\"", ["cpuCount"] = "1", ["memoryBytes"] = "167772160", ["imageId"] = "\"IMAGE\"" };
        foreach (var (name, json) in changes)
            fields[name] = json;
        return $"{{{string.Join(", ", fields.Select(field => $"\"{field.Key}\": {field.Value}"))}}}";
    }

    private static void ShouldBeProblem(ApiAnswer answer, int status, string code, string? field = null)
    {
        var problem = ProblemReader.FromBody(answer.Status, answer.Body);
        ((int)answer.Status, problem.Status, problem.Code).ShouldBe((status, status, code), answer.Body);
        answer.ContentType.ShouldBe("application/problem+json");
        problem.Title.ShouldNotBeNullOrEmpty();
        problem.Detail.ShouldNotBeNullOrEmpty(answer.Body);
        problem.Advice.ShouldNotBeNullOrEmpty(answer.Body);
        if (field is not null)
            problem.Field.ShouldBe(field, answer.Body);
    }

    /// <summary>The footprint and how many operations there are: a request that is refused leaves not even one of those.</summary>
    private async Task<string> Everything()
    {
        var operations = await _instance.Api.Send(new ApiRequest(HttpMethod.Get, $"{ApiClient.Root}/operations?limit=0&count=true"));
        return $"operations: {JsonNode.Parse(operations.Body)!["count"]}\n{await _instance.Footprint()}";
    }
}
