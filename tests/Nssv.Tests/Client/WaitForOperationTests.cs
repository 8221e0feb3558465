using Nssv.Client;
using Nssv.Client.Operations;
using Nssv.Client.Problems;
using Shouldly;
using Xunit;

namespace Nssv.Tests.Client;

public sealed class WaitForOperationTests
{
    private const string Running = """{"id":"op-1","kind":"virtual-machine.create","state":"running","progress":40,"target":{"type":"virtual-machine","id":"vm-1"},"steps":[{"name":"a","state":"started"}]}""";
    private const string Done = """{"id":"op-1","kind":"virtual-machine.create","state":"succeeded","progress":100,"targetType":"virtual-machine","targetId":"vm-1","steps":[{"name":"a","state":"done"}]}""";

    [Fact(Timeout = 30_000)]
    public async Task An_event_of_the_operation_is_looked_at_once()
    {
        var open = new TaskCompletionSource();
        var state = Running;
        await using var manager = await TestManager.Start(async context =>
        {
            if (context.Request.Path == "/api/v1/events")
            {
                await context.Event("id: 1\nevent: operation.updated\ndata: {\"operationId\":\"another\"}\n\n");
                await open.Task;
                state = Done;
                await context.Event("id: 2\nevent: operation.updated\ndata: {\"resourceId\":\"op-1\"}\n\n");
                await Until(context.RequestAborted);
            }
            else
            {
                // The second look is the one that the opened stream asks for; only the event can bring a third before the safety poll.
                var now = state;
                await context.Json(now);
            }
        });
        // Longer than the test may take: only the event can end the wait.
        using var client = manager.Client(safetyPoll: TimeSpan.FromMinutes(10));
        var looks = 0;

        var waiting = client.WaitForOperation("op-1", operation => operation.HasEnded, operation => looks++);
        await Eventually("two looks at the operation", () => Looks(manager) >= 2);
        open.SetResult();
        var ended = await waiting;

        ended.Succeeded.ShouldBeTrue();
        (ended.TargetType, ended.TargetId).ShouldBe(("virtual-machine", "vm-1"));
        looks.ShouldBe(2, "the same state is told once");
    }

    [Fact(Timeout = 30_000)]
    public async Task Without_events_polling_finds_the_end()
    {
        var polls = 0;
        await using var manager = await TestManager.Start(context =>
            context.Request.Path == "/api/v1/events" ? context.Problem(404, """{"title":"no stream"}""")
            : context.Json(Interlocked.Increment(ref polls) < 4 ? Running : Done));
        using var client = manager.Client();

        (await client.WaitForOperation("op-1")).State.ShouldBe("succeeded");

        polls.ShouldBe(4);
    }

    [Fact(Timeout = 30_000)]
    public async Task A_manager_that_is_away_for_a_while_is_waited_for()
    {
        var calls = 0;
        await using var manager = await TestManager.Start(context =>
        {
            // As many failures as a single request never survives.
            switch (Interlocked.Increment(ref calls))
            {
                case 1:
                    return context.Json(Running);
                case < 20:
                    context.Abort();
                    return Task.CompletedTask;
                default:
                    return context.Request.Path == "/api/v1/events" ? context.Problem(404, "{}") : context.Json(Done);
            }
        });
        using var client = manager.Client();

        (await client.WaitForOperation("op-1")).Succeeded.ShouldBeTrue();

        calls.ShouldBeGreaterThanOrEqualTo(20);
    }

    [Fact]
    public async Task An_operation_that_does_not_exist_ends_the_wait()
    {
        await using var manager = await TestManager.Start(context => context.Problem(404, """{"title":"none","code":"not-found"}"""));
        using var client = manager.Client();

        (await Should.ThrowAsync<ApiProblemException>(client.WaitForOperation("op-1"))).Problem.Code.ShouldBe("not-found");
    }

    [Fact]
    public void A_failed_operation_tells_why_and_which_it_was()
    {
        var failed = OperationSnapshot.FromJson((System.Text.Json.Nodes.JsonObject)System.Text.Json.Nodes.JsonNode.Parse(
            """{"id":"op-1","kind":"virtual-machine.create","state":"failed","cleanupPending":true,"error":{"title":"No host has room","code":"no-capacity","detail":"1 TiB","status":409}}""")!);

        var problem = Should.Throw<ApiProblemException>(() => failed.EnsureSucceeded()).Problem;

        (problem.Code, problem.Detail, problem.OperationId).ShouldBe(("no-capacity", "1 TiB", "op-1"));
        problem.Advice.ShouldNotBeNull().ShouldContain("host can be reached");
    }

    [Theory]
    [InlineData("queued", false)]
    [InlineData("running", false)]
    [InlineData("waiting", false)]
    [InlineData("undoing", false)]
    [InlineData("succeeded", true)]
    [InlineData("failed", true)]
    [InlineData("needsAttention", true)]
    public void The_end_states_are_those_that_nothing_leaves(string state, bool end) => OperationStates.IsEnd(state).ShouldBe(end);

    private static int Looks(TestManager manager) => manager.Seen.Count(request => request.Path == "/api/v1/operations/op-1");

    private static async Task Until(CancellationToken cancellation)
    {
        var ended = new TaskCompletionSource();
        await using var registration = cancellation.Register(ended.SetResult);
        await ended.Task;
    }

    private static async Task Eventually(string what, Func<bool> condition)
    {
        var began = TimeProvider.System.GetTimestamp();
        while (!condition())
        {
            TimeProvider.System.GetElapsedTime(began).ShouldBeLessThan(TimeSpan.FromSeconds(10), $"waited for {what}");
            await Task.Yield();
        }
    }
}
