using System.Collections.Concurrent;
using System.Net;
using System.Net.Http.Headers;
using System.Text.Json.Nodes;
using Microsoft.Extensions.DependencyInjection;
using Nssv.Contracts.Identity;
using Nssv.Kernel;
using Nssv.Kernel.Data;
using Nssv.Kernel.Operations;
using Nssv.Server.Admission;
using Nssv.Server.Composition;
using Nssv.Services.Identity;
using Nssv.Tests.Data;
using Shouldly;
using Xunit;

namespace Nssv.Tests.Server.Admission;

/// <summary>A manager that takes in two requests at a time, and whose accepting can be stopped and let go one by one.</summary>
public sealed class FloodedServer : RunningServer
{
    private readonly Lock _gate = new();
    private readonly Queue<TaskCompletionSource> _held = new();
    private bool _holds;

    public int HeldCount
    {
        get
        {
            lock (_gate)
                return _held.Count;
        }
    }

    /// <summary>The operations that were let in since it holds, in order.</summary>
    internal ConcurrentQueue<Operation> Accepted { get; } = new();

    public void Hold()
    {
        Accepted.Clear();
        lock (_gate)
            _holds = true;
    }

    public void LetOne()
    {
        TaskCompletionSource one;
        lock (_gate)
            one = _held.Dequeue();
        one.SetResult();
    }

    public void LetAll()
    {
        lock (_gate)
        {
            _holds = false;
            while (_held.TryDequeue(out var one))
                one.SetResult();
        }
    }

    protected override void Configure(IServiceCollection services)
    {
        services.AddSingleton(new AdmissionLimits { Inside = 2, Waiting = 12, LeastShare = 2, Operations = 10_000 });
        services.AddSingleton<IWriter>(provider => new HoldingWriter(provider.GetRequiredService<Writer>(), this));
    }

    private async Task Pass()
    {
        TaskCompletionSource entrance = new(TaskCreationOptions.RunContinuationsAsynchronously);
        lock (_gate)
        {
            if (!_holds)
                return;
            _held.Enqueue(entrance);
        }
        await entrance.Task;
    }

    private sealed class HoldingWriter(Writer writer, FloodedServer server) : IWriter
    {
        public async Task<long> Commit(UnitOfWork unit)
        {
            if (unit.Changes.OfType<Change.Insert>().Select(insert => insert.Row).OfType<Operation>().FirstOrDefault() is { } operation)
            {
                server.Accepted.Enqueue(operation);
                await server.Pass();
            }
            return await writer.Commit(unit);
        }
    }
}

public sealed class FloodTests(FloodedServer server) : IClassFixture<FloodedServer>
{
    [Fact]
    public async Task One_callers_flood_is_told_when_to_come_again_and_starves_nobody()
    {
        var (otherAccount, otherToken) = await AddAccount("other");
        using var flooder = server.SignedIn();
        using var other = server.SignedIn(otherToken);
        using var before = await Create(flooder);
        var operation = before.Headers.Location!.OriginalString;
        server.Hold();
        try
        {
            // Two are inside, six wait (half of the room, for nobody else uses it), the rest is refused.
            var flood = Enumerable.Range(0, 20).Select(_ => Create(flooder)).ToList();
            await Poll.Until("twelve refusals", () => Task.FromResult(flood.Count(request => request.IsCompleted) == 12));
            foreach (var refused in flood.Where(request => request.IsCompleted).Select(request => request.Result))
            {
                var problem = await RunningServer.Problem(refused, HttpStatusCode.TooManyRequests, "too-many-requests");
                refused.Headers.RetryAfter!.Delta!.Value.TotalSeconds.ShouldBeInRange(1, 60);
                problem["retryAfterSeconds"]!.GetValue<int>().ShouldBe((int)refused.Headers.RetryAfter.Delta.Value.TotalSeconds);
                problem["advice"]!.GetValue<string>().ShouldNotBeEmpty();
            }
            server.HeldCount.ShouldBe(2);

            await EverythingElseAnswers(flooder, operation);

            // The other caller comes last and is let in second.
            var single = Create(other);
            await Poll.Until("seven that wait", async () => (await Metrics(flooder)).Contains("nssv_admission_waiting_requests 7\n", StringComparison.Ordinal));
            server.Accepted.Count.ShouldBe(2);
            for (var let = 1; let <= 2; let++)
            {
                server.LetOne();
                var inside = 2 + let;
                await Poll.Until($"{inside} that were let in", () => Task.FromResult(server.Accepted.Count == inside && server.HeldCount == 2));
            }
            server.Accepted.Select(operation => operation.CreatedBy == otherAccount).ShouldBe([false, false, false, true]);

            server.LetAll();
            (await single).StatusCode.ShouldBe(HttpStatusCode.Accepted);
            (await Task.WhenAll(flood)).Count(answer => answer.StatusCode == HttpStatusCode.Accepted).ShouldBe(8);
        }
        finally
        {
            server.LetAll();
        }
        (await Create(flooder)).StatusCode.ShouldBe(HttpStatusCode.Accepted);
    }

    [Fact]
    public async Task A_client_that_goes_away_leaves_no_place_taken()
    {
        using var client = server.SignedIn();
        server.Hold();
        try
        {
            using var gone = new CancellationTokenSource();
            var inside = new[] { Create(client), Create(client) };
            await Poll.Until("two inside", () => Task.FromResult(server.HeldCount == 2));
            var waiting = Create(client, gone.Token);
            await Poll.Until("one that waits", async () => (await Metrics(client)).Contains("nssv_admission_waiting_requests 1\n", StringComparison.Ordinal));
            gone.Cancel();
            await Should.ThrowAsync<OperationCanceledException>(waiting);
            await Poll.Until("nobody that waits", async () => (await Metrics(client)).Contains("nssv_admission_waiting_requests 0\n", StringComparison.Ordinal));
            server.LetAll();
            await Task.WhenAll(inside);
        }
        finally
        {
            server.LetAll();
        }
        await Poll.Until("nobody inside", async () => (await Metrics(client)).Contains("nssv_admission_inside_requests 0\n", StringComparison.Ordinal));
    }

    /// <summary>What people need most when the platform is busy.</summary>
    private async Task EverythingElseAnswers(HttpClient client, string operation)
    {
        // Not ready for a moment, while the machine is busy with other tests, is no lie; not ready for as long as the flood lasts would be one.
        await Poll.Until("ready", async () => (await client.GetAsync("/health/ready")).StatusCode == HttpStatusCode.OK);
        foreach (var path in new[] { "/health/live", "/metrics", "/api/v1/operations", operation, "/api/v1/events", "/api/v1/data-centers" })
        {
            using var answer = await client.GetAsync(path);
            answer.StatusCode.ShouldBe(HttpStatusCode.OK, path);
        }
        (await server.SignIn(FirstAccount.Name, server.Password)).ShouldNotBeEmpty();
        using var stream = new HttpRequestMessage(HttpMethod.Get, "/api/v1/events") { Headers = { Accept = { new MediaTypeWithQualityHeaderValue("text/event-stream") } } };
        using var events = await client.SendAsync(stream, HttpCompletionOption.ResponseHeadersRead);
        events.StatusCode.ShouldBe(HttpStatusCode.OK);
    }

    private async Task<(Id Account, string Token)> AddAccount(string name)
    {
        var (id, now, secrets) = (new Id(Guid.CreateVersion7()), Clock.Now(server.Time), new RandomSecrets());
        var password = PasswordRules.NewPassword(secrets);
        await server.Services.GetRequiredService<IWriter>().Commit(new UnitOfWork().Insert(new Account
        {
            Id = id,
            ProjectId = server.PlatformId,
            CreatedBy = id,
            CreatedAt = now,
            UpdatedAt = now,
            Version = 1,
            Name = name,
            PasswordHash = PasswordHash.Of(password, secrets).ToString(),
            Role = AccountRole.Admin,
        }));
        return (id, await server.SignIn(name, password));
    }

    private static Task<HttpResponseMessage> Create(HttpClient client, CancellationToken cancel = default) =>
        client.PostAsync("/api/v1/data-centers", RunningServer.Json("{\"name\":\"flood\"}"), cancel);

    private static Task<string> Metrics(HttpClient client) => client.GetStringAsync("/metrics");
}

/// <summary>A manager with room for few operations, none of which ends by itself.</summary>
public sealed class SmallServer : RunningServer
{
    protected override void Configure(IServiceCollection services) => services.AddSingleton(new AdmissionLimits { Operations = 10 });
}

public sealed class OperationLimitTests(SmallServer server) : IClassFixture<SmallServer>
{
    [Fact]
    public async Task Operations_under_way_are_limited_and_their_end_makes_room()
    {
        using var client = server.SignedIn();
        var writer = server.Services.GetRequiredService<IWriter>();
        var account = JsonNode.Parse(await client.GetStringAsync("/api/v1/accounts"))!["items"]![0]!["id"]!.GetValue<string>();
        var operations = Enumerable.Range(0, 5).Select(_ => Unfinished(Id.Parse(account))).ToList();
        foreach (var operation in operations)
            await writer.Commit(new UnitOfWork().Insert(operation));

        using (var refused = await client.PostAsync("/api/v1/data-centers", RunningServer.Json("{\"name\":\"one more\"}")))
        {
            await RunningServer.Problem(refused, HttpStatusCode.TooManyRequests, "too-many-operations");
            refused.Headers.RetryAfter!.Delta.ShouldNotBeNull();
        }
        await writer.Commit(new UnitOfWork().Observe(operations[0], operations[0] with { State = OperationState.Failed, EndedAt = Clock.Now(server.Time) }));
        using var accepted = await client.PostAsync("/api/v1/data-centers", RunningServer.Json("{\"name\":\"one more\"}"));
        accepted.StatusCode.ShouldBe(HttpStatusCode.Accepted);
    }

    private Operation Unfinished(Id account)
    {
        var (id, now) = (new Id(Guid.CreateVersion7()), Clock.Now(server.Time));
        return new()
        {
            Id = id,
            ProjectId = server.PlatformId,
            CreatedBy = account,
            CreatedAt = now,
            UpdatedAt = now,
            Version = 1,
            Kind = "test.waits",
            State = OperationState.Waiting,
            TargetType = "test",
            TargetId = id,
            Aspect = "all",
            AcceptedSequence = now.UtcTicks / 10,
            RootId = id,
            Context = "{}",
        };
    }
}
