using System.Net;
using System.Net.Http.Json;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text.Json;
using System.Text.Json.Nodes;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.AspNetCore.Server.Kestrel.Https;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Nssv.Contracts.Agent;
using Nssv.Contracts.Inventory;
using Nssv.Kernel;
using Nssv.Kernel.Agents;
using Nssv.Kernel.Data;
using Nssv.Server.Certificates;
using Shouldly;
using Xunit;
using static Nssv.Tests.Server.RunningServer;

namespace Nssv.Tests.Server;

public sealed class AgentPortTests(RunningServer server) : IClassFixture<RunningServer>
{
    [Fact]
    public async Task An_agent_enrols_once_and_is_known_by_its_certificate_until_it_enrols_anew()
    {
        var host = await server.AddHost();
        var token = await server.TakeToken(host.Id);
        using var stranger = server.Client(address: server.Agents);
        await Problem(await stranger.PostAsJsonAsync("/agent-api/v1/heartbeat", AgentHosts.Beat(host.Id), KernelJson.Options), HttpStatusCode.Forbidden, "agent-unknown");
        await Problem(await stranger.PostAsJsonAsync("/enroll", new EnrolRequest("guess", "x", "https://localhost:1"), KernelJson.Options), HttpStatusCode.Forbidden, "enrolment-refused");

        using var certificate = await AgentHosts.Enrol(stranger, token, "https://127.0.0.1:9");
        await Problem(await stranger.PostAsJsonAsync("/enroll", new EnrolRequest(token, "x", "https://localhost:1"), KernelJson.Options), HttpStatusCode.Forbidden, "enrolment-refused");
        var row = await server.Services.GetRequiredService<IStore>().Get<Host>(host.Id);
        (row.AgentUrl, row.CertificateFingerprint).ShouldBe(("https://127.0.0.1:9", CertificateAuthority.Fingerprint(certificate)));

        using var agent = server.Client(certificate, server.Agents);
        using var results = await agent.PostAsJsonAsync("/agent-api/v1/results", new ResultBatch(host.Id, 1, []), KernelJson.Options);
        results.StatusCode.ShouldBe(HttpStatusCode.OK);
        await Problem(await agent.PostAsJsonAsync("/agent-api/v1/heartbeat", AgentHosts.Beat(new Id(Guid.CreateVersion7())), KernelJson.Options), HttpStatusCode.Forbidden, "host-mismatch");
        await Problem(await agent.GetAsync("/api/v1/clusters"), HttpStatusCode.NotFound, "no-such-path");

        using var renewed = await AgentHosts.Enrol(stranger, await server.TakeToken(host.Id), "https://127.0.0.1:9");
        await Problem(await agent.PostAsJsonAsync("/agent-api/v1/heartbeat", AgentHosts.Beat(host.Id), KernelJson.Options), HttpStatusCode.Forbidden, "agent-unknown");
        using var again = server.Client(renewed, server.Agents);
        (await again.PostAsJsonAsync("/agent-api/v1/heartbeat", AgentHosts.Beat(host.Id), KernelJson.Options)).StatusCode.ShouldBe(HttpStatusCode.OK);
    }

    [Fact]
    public async Task A_certificate_of_another_authority_does_not_even_connect()
    {
        using var foreign = new CertificateAuthority(CertificateAuthority.Create(server.PlatformId, server.Time), server.PlatformId, server.Time);
        using var certificate = foreign.IssueManager(new Id(Guid.CreateVersion7()), ["localhost"]);
        using var client = server.Client(certificate, server.Agents);
        await Should.ThrowAsync<HttpRequestException>(() => client.PostAsJsonAsync("/agent-api/v1/heartbeat", new { }));
    }

    [Fact]
    public async Task A_token_ends_with_its_time()
    {
        var host = await server.AddHost();
        await server.Services.GetRequiredService<IWriter>().Commit(new UnitOfWork().Insert(new Nssv.Contracts.Identity.Enrolment
        {
            TokenHash = Convert.ToHexStringLower(SHA256.HashData("late"u8)),
            HostId = host.Id,
            ExpiresAt = Clock.Now(server.Time) - TimeSpan.FromSeconds(1),
        }));
        using var client = server.Client(address: server.Agents);
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        await Problem(await client.PostAsJsonAsync("/enroll", new EnrolRequest("late", AgentHosts.Request(key), "https://localhost:1"), KernelJson.Options), HttpStatusCode.Forbidden, "enrolment-refused");
    }

    [Fact]
    public async Task Commands_go_to_the_host_that_is_meant_and_to_no_other()
    {
        var host = await server.AddHost();
        using var stranger = server.Client(address: server.Agents);
        var (right, url) = await AgentHosts.StartAgent(async address => await AgentHosts.Enrol(stranger, await server.TakeToken(host.Id), address));
        await using var running = right;
        var transport = server.Services.GetRequiredService<IAgentTransport>();
        var batch = new CommandBatch([new CommandEnvelope("a/b/1", host.Id, 0, 1, 1, 30, "domain.remove", JsonSerializer.SerializeToElement(new { }))]);
        var receipt = await transport.Send(host.Id, batch, CancellationToken.None);
        receipt.Accepted.ShouldBe(["HTTP/2", $"https://localhost:{server.Settings.AgentApiPort}/agent-api/v1/results", "a/b/1"]);

        var other = await server.AddHost();
        await Redirect(other.Id, url);
        (await Should.ThrowAsync<HostUnreachableException>(() => transport.Send(other.Id, batch, CancellationToken.None))).HostId.ShouldBe(other.Id);
        await right.StopAsync();
        await Should.ThrowAsync<HostUnreachableException>(() => transport.Ask(host.Id, new Ask(host.Id, 1), CancellationToken.None));
        await Should.ThrowAsync<HostUnreachableException>(async () => await transport.Send((await server.AddHost()).Id, batch, CancellationToken.None));
        using var cancelled = new CancellationTokenSource();
        await cancelled.CancelAsync();
        await Should.ThrowAsync<OperationCanceledException>(() => transport.Send(host.Id, batch, cancelled.Token));
    }

    [Fact]
    public async Task A_change_keeps_to_the_rules_of_its_kind()
    {
        var host = await server.AddHost();
        using var client = server.SignedIn();
        await Problem(await client.PatchAsync($"/api/v1/hosts/{host.Id}", Json("""{"cpuOvercommitRatio":0.5}""")), HttpStatusCode.BadRequest, "out-of-range");
        await Problem(await client.PatchAsync($"/api/v1/hosts/{host.Id}", Json("""{"reservedMemoryBytes":-1}""")), HttpStatusCode.BadRequest, "out-of-range");
        await Problem(await client.PatchAsync($"/api/v1/hosts/{host.Id}", Json("""{"certificateFingerprint":"00"}""")), HttpStatusCode.BadRequest, "unknown-field");
        (await client.PatchAsync($"/api/v1/hosts/{host.Id}", Json("""{"cpuOvercommitRatio":2}"""))).StatusCode.ShouldBe(HttpStatusCode.Accepted);
    }

    private async Task Redirect(Id hostId, string url)
    {
        var host = await server.Services.GetRequiredService<IStore>().Get<Host>(hostId);
        await server.Services.GetRequiredService<IWriter>().Commit(new UnitOfWork().Update(host, host with { AgentUrl = url }));
    }

    [Fact]
    public async Task The_connection_to_a_host_ends_when_the_host_is_removed()
    {
        var host = await server.AddHost();
        using var stranger = server.Client(address: server.Agents);
        var closed = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var (agent, _) = await AgentHosts.StartAgent(async address => await AgentHosts.Enrol(stranger, await server.TakeToken(host.Id), address), closed.SetResult);
        await using var running = agent;
        var transport = server.Services.GetRequiredService<IAgentTransport>();
        await transport.Send(host.Id, new CommandBatch([new CommandEnvelope("a/b/1", host.Id, 0, 1, 1, 30, "domain.remove", JsonSerializer.SerializeToElement(new { }))]), CancellationToken.None);
        closed.Task.IsCompleted.ShouldBeFalse();

        using var client = server.SignedIn();
        (await client.DeleteAsync($"/api/v1/hosts/{host.Id}")).StatusCode.ShouldBe(HttpStatusCode.Accepted);

        await closed.Task.WaitAsync(TimeSpan.FromSeconds(20));
    }
}
