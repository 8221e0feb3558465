using Nssv.Agent.Execution;
using Nssv.Kernel;
using Shouldly;
using Xunit;

namespace Nssv.Tests.Agent.Execution;

public sealed class LanesTests
{
    private static readonly Id One = new(Guid.CreateVersion7()), Two = new(Guid.CreateVersion7());

    [Fact]
    public async Task One_resource_in_order_others_beside_it()
    {
        var lanes = new Lanes();
        var gate = new TaskCompletionSource();
        var order = new List<int>();
        var first = lanes.Run(One, async () => { await gate.Task; order.Add(1); return 1; }, CancellationToken.None);
        var second = lanes.Run(One, () => { order.Add(2); return Task.FromResult(2); }, CancellationToken.None);
        (await lanes.Run(Two, () => Task.FromResult(3), CancellationToken.None)).ShouldBe(3);
        second.IsCompleted.ShouldBeFalse();
        gate.SetResult();
        await Task.WhenAll(first, second);
        order.ShouldBe([1, 2]);
    }

    [Fact]
    public async Task A_failure_or_a_cancellation_does_not_stop_the_lane()
    {
        var lanes = new Lanes();
        using var cancelled = new CancellationTokenSource();
        await cancelled.CancelAsync();
        var failing = lanes.Run<int>(One, () => throw new InvalidOperationException("first"), CancellationToken.None);
        var ran = false;
        var dropped = lanes.Run(One, () => { ran = true; return Task.FromResult(2); }, cancelled.Token);
        (await lanes.Run(One, () => Task.FromResult(3), CancellationToken.None)).ShouldBe(3);
        await Should.ThrowAsync<InvalidOperationException>(() => failing);
        await Should.ThrowAsync<OperationCanceledException>(() => dropped);
        ran.ShouldBeFalse();
    }

    [Fact]
    public async Task A_call_that_never_returns_costs_one_thread_and_not_the_caller()
    {
        using var calls = new BlockingCalls("test", 2);
        using var release = new ManualResetEventSlim();
        await Should.ThrowAsync<TimeoutException>(() => calls.Run(() => { release.Wait(); return 1; }, TimeSpan.FromMilliseconds(50), CancellationToken.None));
        (await calls.Run(() => 2, TimeSpan.FromSeconds(30), CancellationToken.None)).ShouldBe(2);
        release.Set();
    }

    [Fact]
    public async Task A_program_past_its_deadline_is_killed_and_arguments_are_no_shell()
    {
        (await ChildProcess.Run("/bin/echo", ["$(id)", "; ls", "*"], TimeSpan.FromSeconds(30), CancellationToken.None)).Output.ShouldBe("$(id) ; ls *\n");
        await Should.ThrowAsync<TimeoutException>(() => ChildProcess.Run("/bin/sleep", ["600"], TimeSpan.FromMilliseconds(200), CancellationToken.None));
    }
}
