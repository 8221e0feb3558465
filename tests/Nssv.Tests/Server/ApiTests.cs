using System.Net;
using System.Net.Http.Headers;
using System.Net.Http.Json;
using System.Text;
using System.Text.Json.Nodes;
using Microsoft.Extensions.DependencyInjection;
using Nssv.Contracts.Inventory;
using Nssv.Kernel.Data;
using Shouldly;
using Xunit;
using static Nssv.Tests.Server.RunningServer;

namespace Nssv.Tests.Server;

public sealed class ApiTests(RunningServer server) : IClassFixture<RunningServer>, IDisposable
{
    private readonly HttpClient _client = server.SignedIn();

    public void Dispose() => _client.Dispose();

    [Theory]
    [InlineData("{\"name\":", "malformed-json")]
    [InlineData("{\"name\":\"a\"} x", "malformed-json")]
    [InlineData("{\"name\":\"a\"}{}", "malformed-json")]
    [InlineData("[]", "malformed-json")]
    [InlineData("null", "malformed-json")]
    [InlineData("", "malformed-json")]
    [InlineData("{\"name\":\"\\ud800\"}", "wrong-type", "name")]
    [InlineData("{'name':'a'}", "malformed-json")]
    [InlineData("{\"name\":\"a\",}", "malformed-json")]
    [InlineData("{\"name\":\"a\",\"colour\":1}", "unknown-field", "colour")]
    [InlineData("{\"Name\":\"a\"}", "unknown-field", "Name")]
    [InlineData("{\"id\":\"0198c0de-0000-7000-8000-000000000000\"}", "not-editable", "id")]
    [InlineData("{\"version\":7}", "not-editable", "version")]
    [InlineData("{\"name\":1}", "wrong-type", "name")]
    [InlineData("{\"name\":null}", "null", "name")]
    [InlineData("{\"labels\":{\"a\":1}}", "wrong-type", "labels")]
    [InlineData("{\"name\":\"\"}", "name-empty", "name")]
    [InlineData("{\"name\":\"../x\"}", "name-character", "name")]
    [InlineData("{\"name\":\"a\\u0001\"}", "name-not-printable", "name")]
    public async Task A_bad_patch_is_refused_and_changes_nothing(string body, string code, string? field = null)
    {
        var center = await server.AddDataCenter("bad-patch");
        using var answer = await _client.PatchAsync($"/api/v1/data-centers/{center.Id}", Json(body));
        var problem = await Problem(answer, HttpStatusCode.BadRequest, code);
        problem["field"]?.GetValue<string>().ShouldBe(field);
        problem["advice"]!.GetValue<string>().ShouldNotBeEmpty();
        var after = await server.Services.GetRequiredService<IStore>().Get<DataCenter>(center.Id);
        (after.Name, after.Version, after.Labels.Count).ShouldBe(("bad-patch", 1L, 0));
    }

    [Fact]
    public async Task Deep_nesting_and_invalid_text_are_refused()
    {
        var deep = "{\"labels\":" + string.Concat(Enumerable.Repeat("{\"a\":", 40)) + "1" + new string('}', 41);
        await Problem(await _client.PatchAsync($"/api/v1/data-centers/{NewId()}", Json(deep)), HttpStatusCode.BadRequest, "malformed-json");
        var notUtf8 = new ByteArrayContent([.. "{\"name\":\""u8, 0xff, .. "\"}"u8]) { Headers = { ContentType = new("application/json") } };
        await Problem(await _client.PatchAsync($"/api/v1/data-centers/{NewId()}", notUtf8), HttpStatusCode.BadRequest, "malformed-json");
        var repeated = await Problem(await _client.PostAsync("/api/v1/virtual-machines", Json("{\"name\":\"a\",\"name\":\"b\"}")), HttpStatusCode.BadRequest, "invalid-request");
        repeated["errors"]!.AsArray().Select(error => error!["code"]!.GetValue<string>()).ShouldContain("repeated-field");
    }

    [Fact]
    public async Task Every_wrong_field_is_named_at_once()
    {
        using var answer = await _client.PostAsync("/api/v1/virtual-machines", Json(
            """{"name":"a","cpuCount":1e400,"memoryBytes":"x","imageId":"nope","firmware":"efi","rootDisk":{"sizebytes":1},"dataDisks":[{}],"id":"0198c0de-0000-7000-8000-000000000000"}"""));
        var problem = await Problem(answer, HttpStatusCode.BadRequest, "invalid-request");
        problem["errors"]!.AsArray().Select(error => $"{error!["field"]} {error["code"]}").ShouldBe(
        [
            "cpuCount wrong-type", "memoryBytes wrong-type", "imageId wrong-type", "firmware wrong-type",
            "rootDisk.sizebytes unknown-field", "dataDisks[0].sizeBytes required", "id unknown-field",
        ]);
        problem["errors"]![3]!["detail"]!.GetValue<string>().ShouldContain("bios, uefi");
        problem["errors"]![4]!["detail"]!.GetValue<string>().ShouldContain("'sizeBytes'");
    }

    [Fact]
    public async Task Requests_are_validated_before_they_reach_anyone()
    {
        using var answer = await _client.PostAsJsonAsync("/api/v1/virtual-machines", new { name = "a;b", cpuCount = 0, memoryBytes = -1, imageId = NewId() });
        var problem = await Problem(answer, HttpStatusCode.BadRequest, "invalid-request");
        problem["errors"]!.AsArray().Select(error => error!["field"]!.GetValue<string>()).ShouldBe(["name", "cpuCount", "memoryBytes"]);
    }

    [Fact]
    public async Task Only_json_in_utf8_is_taken()
    {
        var url = $"/api/v1/data-centers/{NewId()}";
        await Problem(await _client.PatchAsync(url, Json("{}", "text/plain")), HttpStatusCode.UnsupportedMediaType, "unsupported-media-type");
        await Problem(await _client.PatchAsync(url, new StringContent("{}", Encoding.Latin1, "application/json")), HttpStatusCode.UnsupportedMediaType, "unsupported-media-type");
        await Problem(await _client.PatchAsync(url, new ByteArrayContent("{}"u8.ToArray())), HttpStatusCode.UnsupportedMediaType, "unsupported-media-type");
        await Problem(await _client.PatchAsync(url, Json("{}", "application/merge-patch+json")), HttpStatusCode.NotFound, "not-found");
    }

    [Fact]
    public async Task A_huge_body_is_refused_without_being_read()
    {
        var announced = new ByteArrayContent(new byte[1024 * 1024 + 1]) { Headers = { ContentType = new("application/json") } };
        using var asked = new HttpRequestMessage(HttpMethod.Post, "/api/v1/virtual-machines") { Content = announced };
        asked.Headers.ExpectContinue = true;
        await Problem(await _client.SendAsync(asked), HttpStatusCode.RequestEntityTooLarge, "body-too-large");

        using var chunked = new HttpRequestMessage(HttpMethod.Post, "/api/v1/virtual-machines") { Content = new EndlessContent(100 * 1024 * 1024) };
        chunked.Headers.TransferEncodingChunked = true;
        var sent = (EndlessContent)chunked.Content;
        HttpResponseMessage? answer = null;
        try
        {
            answer = await _client.SendAsync(chunked);
        }
        catch (HttpRequestException)
        {
            // The server closed the connection while we were still sending: also a refusal.
        }
        if (answer is not null)
            await Problem(answer, HttpStatusCode.RequestEntityTooLarge, "body-too-large");
        sent.Written.ShouldBeLessThan(60 * 1024 * 1024);
    }

    [Fact]
    public async Task A_resource_is_read_changed_and_guarded_by_its_version()
    {
        var center = await server.AddDataCenter("versions");
        var url = $"/api/v1/data-centers/{center.Id}";
        using var read = await _client.GetAsync(url);
        read.Headers.ETag!.Tag.ShouldBe("\"1\"");
        var shown = (await read.Content.ReadFromJsonAsync<JsonObject>())!;
        shown["name"]!.GetValue<string>().ShouldBe("versions");
        shown["version"]!.GetValue<long>().ShouldBe(1);

        using var patched = await Send(HttpMethod.Patch, url, """{"name":"数据中心","labels":{"a":"1","b":"2"}}""", ("If-Match", "\"1\""), ("Prefer", "wait=5"));
        patched.StatusCode.ShouldBe(HttpStatusCode.OK);
        patched.Headers.GetValues("Preference-Applied").ShouldBe(["wait=5"]);
        var operation = (await patched.Content.ReadFromJsonAsync<JsonObject>())!;
        operation["state"]!.GetValue<string>().ShouldBe("succeeded");
        operation["kind"]!.GetValue<string>().ShouldBe("data-center.update");
        operation["target"]!["id"]!.GetValue<string>().ShouldBe(center.Id.ToString());
        operation["steps"]!.AsArray().ShouldBeEmpty();
        operation.ContainsKey("context").ShouldBeFalse();
        patched.Headers.Location!.ToString().ShouldBe($"/api/v1/operations/{operation["id"]}");
        (await _client.GetFromJsonAsync<JsonObject>(patched.Headers.Location))!["id"]!.GetValue<string>().ShouldBe(operation["id"]!.GetValue<string>());

        await Problem(await Send(HttpMethod.Patch, url, """{"name":"late"}""", ("If-Match", "\"1\"")), HttpStatusCode.PreconditionFailed, "version-mismatch");
        await Problem(await Send(HttpMethod.Patch, url, """{"name":"late"}""", ("If-Match", "W/\"2\"")), HttpStatusCode.BadRequest, "invalid-header");
        await Problem(await Send(HttpMethod.Patch, url, """{"name":"late"}""", ("If-Match", "2")), HttpStatusCode.BadRequest, "invalid-header");
        using var any = await Send(HttpMethod.Patch, url, """{"labels":{"a":null,"c":"3"}}""", ("If-Match", "*"));
        any.StatusCode.ShouldBe(HttpStatusCode.Accepted);

        using var fresh = await Send(HttpMethod.Get, url, null, ("If-None-Match", "\"2\""));
        var now = (await fresh.Content.ReadFromJsonAsync<JsonObject>())!;
        now["name"]!.GetValue<string>().ShouldBe("数据中心");
        now["labels"]!.AsObject().Select(label => label.Key).ShouldBe(["b", "c"]);
        fresh.Headers.ETag!.Tag.ShouldBe("\"3\"");
        (await Send(HttpMethod.Get, url, null, ("If-None-Match", "W/\"3\""))).StatusCode.ShouldBe(HttpStatusCode.NotModified);
    }

    [Fact]
    public async Task The_same_key_is_the_same_request()
    {
        var center = await server.AddDataCenter("keys");
        var url = $"/api/v1/data-centers/{center.Id}";
        var first = await Text(await Send(HttpMethod.Patch, url, """{"name":"once"}""", ("Idempotency-Key", "k-1")));
        var second = await Text(await Send(HttpMethod.Patch, url, """{"name":"once"}""", ("Idempotency-Key", "k-1")));
        second["id"]!.ToString().ShouldBe(first["id"]!.ToString());
        await Problem(await Send(HttpMethod.Patch, url, """{"name":"twice"}""", ("Idempotency-Key", "k-1")), HttpStatusCode.UnprocessableEntity, "idempotency-key-reused");
        (await server.Services.GetRequiredService<IStore>().Get<DataCenter>(center.Id)).Name.ShouldBe("once");
        await Problem(await Send(HttpMethod.Patch, url, "{}", ("Idempotency-Key", new string('k', 256))), HttpStatusCode.BadRequest, "invalid-header");
        await Problem(await Send(HttpMethod.Patch, url, "{}", ("Idempotency-Key", "a b")), HttpStatusCode.BadRequest, "invalid-header");
    }

    [Fact]
    public async Task What_is_not_there_is_a_problem_too()
    {
        await Problem(await _client.GetAsync("/api/v1/unicorns"), HttpStatusCode.NotFound, "no-such-path");
        await Problem(await _client.GetAsync("/"), HttpStatusCode.NotFound, "no-such-path");
        await Problem(await _client.GetAsync($"/api/v1/clusters/{NewId()}"), HttpStatusCode.NotFound, "not-found");
        (await Problem(await _client.GetAsync("/api/v1/clusters/nope"), HttpStatusCode.BadRequest, "invalid-id"))["field"]!.GetValue<string>().ShouldBe("id");
        using var put = await _client.PutAsync("/api/v1/clusters", Json("{}"));
        await Problem(put, HttpStatusCode.MethodNotAllowed, "method-not-allowed");
        put.Content.Headers.Allow.ShouldContain("GET");
        await Problem(await _client.PostAsync($"/agent-api/v1/heartbeat", Json("{}")), HttpStatusCode.NotFound, "no-such-path");
        await Problem(await _client.PostAsync("/enroll", Json("{}")), HttpStatusCode.NotFound, "no-such-path");
    }

    [Theory]
    [InlineData("filters=x", "unknown-parameter")]
    [InlineData("limit=1&limit=2", "invalid-parameter")]
    [InlineData("limit=1001", "invalid-parameter")]
    [InlineData("limit=-1", "invalid-parameter")]
    [InlineData("count=maybe", "invalid-parameter")]
    public async Task Misspelt_parameters_never_mean_everything(string query, string code) =>
        await Problem(await _client.GetAsync($"/api/v1/data-centers?{query}"), HttpStatusCode.BadRequest, code);

    [Fact]
    public async Task A_list_has_pages_and_a_count()
    {
        for (var i = 0; i < 3; i++)
            await server.AddDataCenter($"page-{i}");
        const string query = "/api/v1/data-centers?filter=name%20%3E%3D%20%22page-0%22%20AND%20name%20%3C%20%22page-9%22&sort=name&limit=2&count=true";
        var first = (await _client.GetFromJsonAsync<JsonObject>(query))!;
        first["items"]!.AsArray().Select(item => item!["name"]!.GetValue<string>()).ShouldBe(["page-0", "page-1"]);
        first["count"]!.GetValue<long>().ShouldBe(3);
        var second = (await _client.GetFromJsonAsync<JsonObject>($"{query}&cursor={first["nextCursor"]}"))!;
        second["items"]!.AsArray().Select(item => item!["name"]!.GetValue<string>()).ShouldBe(["page-2"]);
        second.ContainsKey("nextCursor").ShouldBeFalse();
    }

    [Fact]
    public async Task Health_needs_no_session_and_transport_is_strict()
    {
        using var anyone = server.Client();
        foreach (var path in new[] { "/health/live", "/health/ready" })
        {
            using var answer = await anyone.GetAsync(path);
            answer.StatusCode.ShouldBe(HttpStatusCode.OK);
            answer.Headers.GetValues("Strict-Transport-Security").ShouldBe(["max-age=31536000"]);
        }
        using var refused = await anyone.GetAsync("/api/v1/clusters");
        await Problem(refused, HttpStatusCode.Unauthorized, "session-needed");
        refused.Headers.WwwAuthenticate.ToString().ShouldBe("Bearer");
        refused.Headers.Contains("Strict-Transport-Security").ShouldBeTrue();
    }

    [Fact]
    public async Task Plain_http_only_redirects()
    {
        using var plain = new HttpClient(new SocketsHttpHandler { AllowAutoRedirect = false }) { BaseAddress = new Uri($"http://localhost:{server.Settings.HttpPort}") };
        using var answer = await plain.PostAsync("/api/v1/sessions?a=%2F", Json("{}"));
        answer.StatusCode.ShouldBe(HttpStatusCode.PermanentRedirect);
        answer.Headers.Location!.OriginalString.ShouldBe($"https://localhost:{server.Settings.HttpsPort}/api/v1/sessions?a=%2F");
        answer.Headers.Contains("Strict-Transport-Security").ShouldBeFalse();
    }

    private async Task<HttpResponseMessage> Send(HttpMethod method, string url, string? body, params (string Name, string Value)[] headers)
    {
        using var request = new HttpRequestMessage(method, url) { Content = body is null ? null : Json(body) };
        foreach (var (name, value) in headers)
            request.Headers.TryAddWithoutValidation(name, value);
        return await _client.SendAsync(request);
    }

    private static async Task<JsonObject> Text(HttpResponseMessage answer) => (await answer.Content.ReadFromJsonAsync<JsonObject>())!;

    private static string NewId() => Guid.CreateVersion7().ToString();

    /// <summary>Spaces, as many as are wanted.</summary>
    private sealed class EndlessContent : HttpContent
    {
        private readonly long _length;

        public EndlessContent(long length)
        {
            _length = length;
            Headers.ContentType = new MediaTypeHeaderValue("application/json");
        }

        public long Written { get; private set; }

        protected override async Task SerializeToStreamAsync(Stream stream, TransportContext? context)
        {
            var chunk = Enumerable.Repeat((byte)' ', 64 * 1024).ToArray();
            while (Written < _length)
            {
                await stream.WriteAsync(chunk);
                Written += chunk.Length;
            }
        }

        protected override bool TryComputeLength(out long length)
        {
            length = 0;
            return false;
        }
    }
}
