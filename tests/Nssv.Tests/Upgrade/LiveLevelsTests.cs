using Nssv.Kernel.Ownership;
using Shouldly;
using Xunit;

namespace Nssv.Tests.Upgrade;

[Trait("group", "services")]
public sealed class LiveLevelsTests
{
    private readonly SteadyTime _time = new();

    [Fact]
    public void A_node_that_has_just_started_goes_by_who_lives()
    {
        var levels = new LiveLevels(2, _time);
        (levels.Lowest, levels.Highest).ShouldBe((2, 2));
        levels.Look([2, 3]);
        (levels.Lowest, levels.Highest).ShouldBe((2, 3));
        levels.Look([1, 2]);
        (levels.Lowest, levels.Highest).ShouldBe((1, 2));
    }

    [Fact]
    public void An_older_node_that_is_gone_is_expected_back_for_a_while()
    {
        var levels = new LiveLevels(2, _time);
        levels.Look([1, 2]);
        _time.Now += LiveLevels.Patience * 3;
        levels.Look([1, 2]);
        levels.Look([2]);
        _time.Now += LiveLevels.Patience - TimeSpan.FromSeconds(1);
        levels.Look([2]);
        levels.Lowest.ShouldBe(1);
        _time.Now += TimeSpan.FromSeconds(1);
        levels.Look([2]);
        levels.Lowest.ShouldBe(2);
    }

    [Fact]
    public void One_that_came_back_meanwhile_is_expected_anew()
    {
        var levels = new LiveLevels(2, _time);
        levels.Look([1, 2]);
        _time.Now += LiveLevels.Patience / 2;
        levels.Look([1, 2]);
        _time.Now += LiveLevels.Patience / 2;
        levels.Look([2]);
        levels.Lowest.ShouldBe(1);
    }

    [Fact]
    public void A_newer_node_that_has_left_is_not_counted()
    {
        var levels = new LiveLevels(1, _time);
        levels.Look([1, 2]);
        levels.Highest.ShouldBe(2);
        levels.Look([1]);
        levels.Highest.ShouldBe(1);
    }

    private sealed class SteadyTime : TimeProvider
    {
        public TimeSpan Now { get; set; }

        public override long TimestampFrequency => TimeSpan.TicksPerSecond;

        public override long GetTimestamp() => Now.Ticks;
    }
}
