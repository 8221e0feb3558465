using Nssv.Agent.Protocol;
using Nssv.Simulator;
using Shouldly;
using Xunit;

namespace Nssv.Tests.AgentProtocol;

[Trait("group", "agent")]
public sealed class StallTests
{
    [Fact]
    public async Task A_command_that_stands_still_is_given_up_before_its_deadline()
    {
        var endless = new TaskCompletionSource();
        await using var bed = await DeskBed.Started(new() { BeforeEffect = (_, scope) => { scope.Progress!.Report(1); return endless.Task; } });
        var layer = bed.NewId();
        await bed.Send(DeskBed.Envelope(bed.NewId(), DeskBed.Layer(layer), deadlineSeconds: 3_600) with { StallSeconds = 1 });
        await bed.UntilResults(1);
        bed.Results[0].Problem!.Code.ShouldBe("step-stalled");
        bed.EffectsOf(layer).ShouldBe(0);
    }

    [Fact]
    public async Task A_restarted_agent_still_knows_how_long_it_may_stand_still()
    {
        var hold = new Hold();
        await using var bed = await DeskBed.Started(new() { BeforeEffect = (_, _) => hold.Wait() });
        await bed.Send(DeskBed.Envelope(bed.NewId(), DeskBed.Layer(bed.NewId()), deadlineSeconds: 3_600) with { StallSeconds = 1 });
        await hold.Reached;
        bed.Host.Kill();
        await bed.Host.Start();
        await bed.UntilResults(1);
        bed.Results[0].Problem!.Code.ShouldBe("step-stalled");
    }

    [Fact]
    public async Task A_time_that_makes_no_sense_is_refused()
    {
        await using var bed = await DeskBed.Started();
        var receipt = await bed.Send(DeskBed.Envelope(bed.NewId(), DeskBed.Layer(bed.NewId())) with { StallSeconds = 0 });
        receipt.Refused.Single().Code.ShouldBe("invalid-command");
    }

    [Fact]
    public void Every_sign_of_progress_begins_the_time_anew()
    {
        var clock = new OneTimer();
        using var watch = new StallWatch(300, clock);
        clock.Due.ShouldBe([TimeSpan.FromSeconds(300)]);
        watch.Report(5);
        watch.Report(5);
        clock.Due.Count.ShouldBe(3);
        watch.Stalled.IsCancellationRequested.ShouldBeFalse();
        clock.Fire();
        watch.Stalled.IsCancellationRequested.ShouldBeTrue();
    }

    [Fact]
    public void Without_a_limit_there_is_no_timer()
    {
        var clock = new OneTimer();
        using var watch = new StallWatch(null, clock);
        watch.Report(5);
        clock.Due.ShouldBeEmpty();
    }

    /// <summary>Remembers how its timer was set, and fires when it is told to.</summary>
    private sealed class OneTimer : TimeProvider, ITimer
    {
        private Action _fire = () => { };

        public List<TimeSpan> Due { get; } = [];

        public void Fire() => _fire();

        public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period)
        {
            _fire = () => callback(state);
            Due.Add(dueTime);
            return this;
        }

        public bool Change(TimeSpan dueTime, TimeSpan period)
        {
            Due.Add(dueTime);
            return true;
        }

        public void Dispose()
        {
        }

        public ValueTask DisposeAsync() => ValueTask.CompletedTask;
    }
}
