using System.Net;
using System.Text.Json.Nodes;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Nssv.Kernel;
using Nssv.Kernel.Data;
using Nssv.Kernel.Ownership;
using Nssv.Server.Http;
using Nssv.Server.Plugins;
using Shouldly;
using Xunit;

namespace Nssv.Tests.Server;

public sealed class HealthTests(RunningServer server) : IClassFixture<RunningServer>
{
    [Fact]
    public async Task Ready_names_every_check()
    {
        var health = await Ready(HttpStatusCode.OK);
        health["status"]!.GetValue<string>().ShouldBe("ready");
        health["checks"]!.AsArray().Select(check => (check!["name"]!.GetValue<string>(), check["ok"]!.GetValue<bool>())).ShouldBe([("database", true), ("recovery", true), ("peers", true), ("serving", true)]);
    }

    [Fact]
    public async Task Checking_that_the_database_writes_leaves_nothing_there()
    {
        await Ready(HttpStatusCode.OK);
        (await server.Services.GetRequiredService<IStore>().Select("SELECT count(*) FROM idempotency_keys WHERE \"key\" = 'readiness'", [], row => row.GetInt64(0)))[0].ShouldBe(0);
    }

    [Fact]
    public async Task A_database_that_does_not_write_makes_it_not_ready()
    {
        var services = server.Services;
        var readiness = new Readiness(services.GetRequiredService<IStore>(), new RefusingWriter(), server.Settings, server.Time, services.GetRequiredService<IHostApplicationLifetime>(), services.GetRequiredService<IOwnership>(), PluginSet.None);
        readiness.Recovered();
        var health = await readiness.Check();
        health.Status.ShouldBe("not ready");
        health.Checks.Single(check => !check.Ok).ShouldBe(new HealthCheck("database", false, "The platform's database has no space left."));
    }

    [Fact]
    public async Task Before_the_last_starts_work_is_taken_up_it_is_not_ready()
    {
        var services = server.Services;
        var readiness = new Readiness(services.GetRequiredService<IStore>(), services.GetRequiredService<IWriter>(), server.Settings, server.Time, services.GetRequiredService<IHostApplicationLifetime>(), services.GetRequiredService<IOwnership>(), PluginSet.None);
        (await readiness.Check()).Checks.Where(check => !check.Ok).Select(check => check.Name).ShouldBe(["recovery"]);
    }

    private async Task<JsonObject> Ready(HttpStatusCode status)
    {
        using var anyone = server.Client();
        using var answer = await anyone.GetAsync("/health/ready");
        answer.StatusCode.ShouldBe(status);
        return JsonNode.Parse(await answer.Content.ReadAsStringAsync())!.AsObject();
    }

    private sealed class RefusingWriter : IWriter
    {
        public Task<long> Commit(UnitOfWork unit) => Task.FromException<long>(Problems.StorageFull("The disk is full: /var/lib/secret/place").AsException());
    }
}

/// <summary>A manager whose database can be made to refuse.</summary>
public sealed class RefusingServer : RunningServer
{
    internal bool Refuses { get; set; }

    protected override void Configure(IServiceCollection services) =>
        services.AddSingleton<IWriter>(provider => new Refusal(provider.GetRequiredService<Writer>(), this));

    private sealed class Refusal(Writer writer, RefusingServer server) : IWriter
    {
        public Task<long> Commit(UnitOfWork unit) => server.Refuses ? Task.FromException<long>(Problems.Unavailable("The database is away.").AsException()) : writer.Commit(unit);
    }
}

public sealed class RefusedWriteTests(RefusingServer server) : IClassFixture<RefusingServer>
{
    [Fact]
    public async Task While_the_database_refuses_it_lives_and_is_not_ready()
    {
        using var anyone = server.Client();
        server.Refuses = true;
        server.Time.Advance(TimeSpan.FromMinutes(1));
        using (var answer = await anyone.GetAsync("/health/ready"))
        {
            answer.StatusCode.ShouldBe(HttpStatusCode.ServiceUnavailable);
            var checks = JsonNode.Parse(await answer.Content.ReadAsStringAsync())!["checks"]!.AsArray();
            checks.Where(check => !check!["ok"]!.GetValue<bool>()).Select(check => check!["name"]!.GetValue<string>()).ShouldBe(["database"]);
        }
        (await anyone.GetAsync("/health/live")).StatusCode.ShouldBe(HttpStatusCode.OK);

        server.Refuses = false;
        server.Time.Advance(TimeSpan.FromMinutes(1));
        (await anyone.GetAsync("/health/ready")).StatusCode.ShouldBe(HttpStatusCode.OK);
    }
}
