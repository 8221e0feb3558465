using System.Net;
using System.Net.Http.Json;
using System.Text.Json.Nodes;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;
using Nssv.Kernel;
using Nssv.Kernel.Authorization;
using Nssv.Kernel.Calls;
using Nssv.Server.Http;
using Shouldly;
using Xunit;

namespace Nssv.Tests.Server;

/// <summary>What holds for every endpoint, also for those that nobody has thought of yet.</summary>
public sealed class EndpointTests(RunningServer server) : IClassFixture<RunningServer>
{
    /// <summary>Endpoints without a session, or for agents and managers. Anything else needs a permission; adding to this list is a decision about security.</summary>
    private static readonly Dictionary<string, AccessKind> Exceptions = new()
    {
        ["POST /api/v1/sessions"] = AccessKind.Anyone,
        ["GET /health/live"] = AccessKind.Anyone,
        ["GET /health/ready"] = AccessKind.Anyone,
        ["GET /metrics"] = AccessKind.Scrape,
        ["DELETE /api/v1/sessions/current"] = AccessKind.Session,
        ["POST /agent-api/v1/results"] = AccessKind.Agent,
        ["POST /agent-api/v1/heartbeat"] = AccessKind.Agent,
        ["POST /agent-api/v1/reports"] = AccessKind.Agent,
        ["POST /peer-api/v1/messages"] = AccessKind.Peer,
        ["GET /peer-api/v1/health"] = AccessKind.Peer,
        ["POST /agent-api/v1/certificate"] = AccessKind.Agent,
        ["POST /enroll"] = AccessKind.EnrollingAgent,
    };

    private IEnumerable<(string Method, string Path, Access? Access)> Endpoints =>
        server.Services.GetRequiredService<EndpointDataSource>().Endpoints.Cast<RouteEndpoint>().SelectMany(endpoint =>
            endpoint.Metadata.GetMetadata<HttpMethodMetadata>()!.HttpMethods.Select(method => (method, endpoint.RoutePattern.RawText!, endpoint.Metadata.GetMetadata<Access>())));

    [Fact]
    public void Every_endpoint_says_who_may_call_it()
    {
        Endpoints.Count().ShouldBeGreaterThan(40);
        foreach (var (method, path, access) in Endpoints)
        {
            var name = $"{method} {path}";
            access.ShouldNotBeNull(name);
            if (Exceptions.TryGetValue(name, out var kind))
                access.Kind.ShouldBe(kind, name);
            else
                (access is { Kind: AccessKind.Session } && access.Permission is { Length: > 0 }).ShouldBeTrue($"{name} has no permission");
        }
        Endpoints.Select(endpoint => $"{endpoint.Method} {endpoint.Path}").ShouldBeUnique();
    }

    [Fact]
    public void Permissions_follow_one_pattern() =>
        Endpoints.Select(endpoint => endpoint.Access?.Permission).OfType<string>().ShouldAllBe(permission => System.Text.RegularExpressions.Regex.IsMatch(permission, "^[a-z]+(-[a-z]+)*\\.[a-z]+(-[a-z]+)*$"));

    [Fact]
    public async Task Nothing_answers_without_a_session_but_what_must()
    {
        using var client = server.Client();
        foreach (var (method, path, _) in Endpoints.Where(endpoint => endpoint.Access!.Kind is AccessKind.Session or AccessKind.Scrape))
        {
            using var request = new HttpRequestMessage(new HttpMethod(method), path.Replace("{id}", Guid.CreateVersion7().ToString(), StringComparison.Ordinal));
            request.Headers.TryAddWithoutValidation("Authorization", "Bearer " + new string('A', 43));
            using var answer = await client.SendAsync(request);
            answer.StatusCode.ShouldBe(HttpStatusCode.Unauthorized, $"{method} {path}");
        }
    }

    [Fact]
    public void An_account_without_permissions_may_do_nothing()
    {
        var nobody = new Caller(Id.None, Id.None, "nobody", (CallerRole)99);
        var authoriser = server.Services.GetRequiredService<IAuthoriser>();
        foreach (var permission in Endpoints.Select(endpoint => endpoint.Access?.Permission).OfType<string>().Distinct())
        {
            authoriser.Refusal(nobody, permission)!.Status.ShouldBe(403, permission);
            authoriser.Scope(nobody, permission).ProjectIds.ShouldBeEmpty();
        }
    }

    [Fact]
    public async Task Every_endpoint_for_people_is_in_the_description()
    {
        using var client = server.SignedIn();
        var document = (await client.GetFromJsonAsync<JsonObject>("/api/v1/openapi.json"))!;
        var paths = document["paths"]!.AsObject();
        var described = paths.SelectMany(path => path.Value!.AsObject().Select(operation => $"{operation.Key.ToUpperInvariant()} {path.Key}"));
        described.ShouldBe(Endpoints.Where(endpoint => endpoint.Access!.Listener == Listener.People).Select(endpoint => $"{endpoint.Method} {endpoint.Path}"), ignoreOrder: true);

        var schemas = document["components"]!["schemas"]!.AsObject();
        foreach (var reference in References(document).Distinct())
            schemas.ContainsKey(reference["#/components/schemas/".Length..]).ShouldBeTrue(reference);
        schemas["VirtualMachine"]!["properties"]!.AsObject().ContainsKey("runGeneration").ShouldBeFalse("it is internal");
        schemas["Account"]!["properties"]!.AsObject().ContainsKey("passwordHash").ShouldBeFalse("it is secret");
        schemas["CreateVirtualMachine"]!["properties"]!.AsObject().ContainsKey("id").ShouldBeFalse("the manager makes it");
        schemas["CreateVirtualMachine"]!["required"]!.AsArray().Select(name => name!.GetValue<string>()).ShouldBe(["name", "cpuCount", "memoryBytes", "imageId"], ignoreOrder: true);
        schemas["Operation"]!["properties"]!.AsObject().ContainsKey("steps").ShouldBeTrue();
    }

    private static IEnumerable<string> References(JsonNode? node) => node switch
    {
        JsonObject map => map.SelectMany(pair => pair.Key == "$ref" ? [pair.Value!.GetValue<string>()] : References(pair.Value)),
        JsonArray list => list.SelectMany(References),
        _ => [],
    };
}
