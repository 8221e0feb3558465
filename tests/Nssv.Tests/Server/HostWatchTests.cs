using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Nssv.Contracts.Inventory;
using Nssv.Kernel.Data;
using Shouldly;
using Xunit;

namespace Nssv.Tests.Server;

public sealed class HostWatchTests(RunningServer server) : IClassFixture<RunningServer>
{
    [Fact]
    public async Task A_manager_that_starts_wakes_its_hosts_whatever_others_do()
    {
        // One whose agent never came, and one that is away: neither keeps the others waiting.
        await server.AddHost();
        var away = await server.AddHost();
        await server.Services.GetRequiredService<IWriter>().Commit(new UnitOfWork().Update(away, away with { AgentUrl = "https://localhost:1" }));
        var host = await server.AddHost();
        using var stranger = server.Client(address: server.Agents);
        var woken = new TaskCompletionSource<(string Protocol, string Callback)>(TaskCreationOptions.RunContinuationsAsynchronously);
        var (agent, _) = await AgentHosts.StartAgent(
            async address => await AgentHosts.Enrol(stranger, await server.TakeToken(host.Id), address),
            woken: http => woken.TrySetResult((http.Request.Protocol, http.Request.Headers["X-Callback-Url"].ToString())));
        await using var running = agent;
        woken.Task.IsCompleted.ShouldBeFalse();

        await server.Restart();

        (await woken.Task.WaitAsync(TimeSpan.FromSeconds(20))).ShouldBe(("HTTP/2", $"https://localhost:{server.Settings.AgentApiPort}/agent-api/v1/results"));
    }
}
