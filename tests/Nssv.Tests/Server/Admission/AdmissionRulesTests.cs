using Nssv.Kernel;
using Nssv.Server.Admission;
using Shouldly;
using Xunit;

namespace Nssv.Tests.Server.Admission;

public sealed class AdmissionRulesTests
{
    private static readonly AdmissionLimits Limits = new() { Waiting = 100, Operations = 1_000, WriterQueue = 50, LeastShare = 5 };

    [Fact]
    public void An_idle_node_takes_everything() => Refusal(new()).ShouldBeNull();

    [Theory]
    [InlineData(49, 1, null)]
    [InlineData(50, 1, 50)]
    [InlineData(33, 2, 33)]
    [InlineData(32, 2, null)]
    [InlineData(4, 90, null)]
    [InlineData(5, 90, 5)]
    public void A_caller_may_have_its_share_of_the_waiting_requests_and_always_a_few(int own, int callers, int? may)
    {
        var refusal = Refusal(new(90, own, callers, 0, 0, 1, 0));
        refusal.ShouldBe(may is { } limit ? new AdmissionRefusal(RefusalReason.OwnRequests, own, limit) : null);
    }

    [Fact]
    public void Others_requests_are_no_reason_to_refuse_one_who_has_few() => Refusal(new(99, 0, 2, 0, 0, 1, 0)).ShouldBeNull();

    [Theory]
    [InlineData(499, 499, 1, null)]
    [InlineData(500, 500, 1, 500)]
    [InlineData(600, 333, 2, 333)]
    [InlineData(600, 332, 2, null)]
    [InlineData(499, 400, 2, null)]
    [InlineData(999, 0, 2, null)]
    public void Shares_of_operations_count_once_the_node_is_half_full(int all, int own, int callers, int? may) =>
        Refusal(new(0, 0, 1, all, own, callers, 0)).ShouldBe(may is { } limit ? new AdmissionRefusal(RefusalReason.OwnOperations, own, limit) : null);

    [Fact]
    public void A_full_node_takes_nothing() => Refusal(new(0, 0, 1, 1_000, 0, 5, 0)).ShouldBe(new AdmissionRefusal(RefusalReason.NodeOperations, 1_000, 1_000));

    [Fact]
    public void A_writer_that_is_behind_takes_nothing() => Refusal(new(0, 0, 1, 0, 0, 1, 50)).ShouldBe(new AdmissionRefusal(RefusalReason.WriterBehind, 50, 50));

    [Fact]
    public void The_defaults_let_twenty_thousand_operations_of_one_account_be_under_way() =>
        AdmissionRules.Refusal(new(0, 0, 1, 20_000, 20_000, 1, 0), new()).ShouldBeNull();

    private static AdmissionRefusal? Refusal(NodeLoad load) => AdmissionRules.Refusal(load, Limits);
}

public sealed class FairQueueTests
{
    private static readonly Id A = Id.Parse("01890000-0000-7000-8000-00000000000a"), B = Id.Parse("01890000-0000-7000-8000-00000000000b"), C = Id.Parse("01890000-0000-7000-8000-00000000000c");
    private readonly FairQueue<string> _queue = new(places: 2);

    [Fact]
    public void Callers_take_turns_however_many_requests_one_has()
    {
        foreach (var who in new[] { "a1", "a2", "a3", "a4", "a5", "a6" })
            _queue.Enter(A, who).ShouldBe(who is "a1" or "a2", who);
        _queue.Enter(B, "b1").ShouldBeFalse();
        _queue.Enter(B, "b2").ShouldBeFalse();
        _queue.Enter(C, "c1").ShouldBeFalse();

        Let(7).ShouldBe(["a3", "b1", "c1", "a4", "b2", "a5", "a6"]);
        (_queue.Inside, _queue.Waiting, _queue.Callers).ShouldBe((2, 0, 0));
        Let(3).ShouldBe([null, null, null]);
    }

    [Fact]
    public void No_more_are_inside_than_there_are_places()
    {
        _queue.Enter(A, "a1");
        _queue.Enter(A, "a2");
        _queue.Enter(B, "b1");
        _queue.Inside.ShouldBe(2);
        _queue.Leave().ShouldBe("b1");
        _queue.Inside.ShouldBe(2);
        _queue.Leave().ShouldBeNull();
        _queue.Leave().ShouldBeNull();
        _queue.Inside.ShouldBe(0);
    }

    [Fact]
    public void Nobody_overtakes_those_who_wait()
    {
        _queue.Enter(A, "a1");
        _queue.Enter(A, "a2");
        _queue.Enter(B, "b1");
        _queue.Leave();
        _queue.Enter(C, "c1").ShouldBeFalse();
    }

    [Fact]
    public void Who_goes_away_loses_its_place_in_the_line_and_nobody_else_does()
    {
        foreach (var who in new[] { "a1", "a2", "a3", "a4" })
            _queue.Enter(A, who);
        _queue.Enter(B, "b1");
        _queue.GiveUp(A, "a3").ShouldBeTrue();
        _queue.GiveUp(B, "b1").ShouldBeTrue();
        _queue.GiveUp(B, "b1").ShouldBeFalse();
        _queue.GiveUp(A, "a1").ShouldBeFalse("it is inside");
        (_queue.Waiting, _queue.Callers, _queue.WaitingOf(A)).ShouldBe((1, 1, 1));
        _queue.Leave().ShouldBe("a4");
        _queue.Leave().ShouldBeNull();
    }

    private List<string?> Let(int count) => [.. Enumerable.Range(0, count).Select(_ => _queue.Leave())];
}

public sealed class DrainRateTests
{
    private readonly DrainRate _rate = new();

    [Fact]
    public void Time_to_wait_follows_what_was_done_lately()
    {
        _rate.Sample(0, Seconds(0));
        _rate.Sample(100, Seconds(1));
        _rate.Sample(200, Seconds(2));
        _rate.SecondsFor(450, 200, Seconds(2)).ShouldBe(5);
        _rate.SecondsFor(1, 200, Seconds(2)).ShouldBe(1);
    }

    [Fact]
    public void What_was_long_ago_counts_no_more()
    {
        _rate.Sample(0, Seconds(0));
        _rate.Sample(100_000, Seconds(1));
        for (var second = 2; second <= 20; second++)
            _rate.Sample(100_000 + second, Seconds(second));
        _rate.SecondsFor(10, 100_020, Seconds(20)).ShouldBe(10);
    }

    [Fact]
    public void Nothing_done_or_nothing_measured_is_no_division_by_zero()
    {
        _rate.SecondsFor(10, 0, Seconds(0)).ShouldBe(2);
        _rate.Sample(5, Seconds(0));
        _rate.Sample(5, Seconds(3));
        _rate.SecondsFor(10, 5, Seconds(3)).ShouldBe(60);
        _rate.SecondsFor(1_000_000, 6, Seconds(3)).ShouldBe(60);
        _rate.SecondsFor(10, 5, Seconds(100)).ShouldBe(2);
    }

    private static TimeSpan Seconds(int seconds) => TimeSpan.FromSeconds(seconds);
}
