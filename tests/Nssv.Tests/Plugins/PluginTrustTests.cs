using Nssv.Server.Plugins;
using Shouldly;
using Xunit;

namespace Nssv.Tests.Plugins;

public sealed class PluginTrustTests
{
    private static readonly DateTimeOffset Now = new(2026, 3, 1, 12, 0, 0, TimeSpan.Zero);
    private static readonly PluginLimits Limits = new() { Failures = 3, FirstRest = TimeSpan.FromSeconds(10), LongestRest = TimeSpan.FromSeconds(60) };

    [Fact]
    public void It_rests_after_failures_in_a_row_and_twice_as_long_each_time_the_trial_fails()
    {
        var trust = PluginTrust.Full.Failed("a", Now, Limits).Failed("b", Now, Limits);
        trust.RestsUntil.ShouldBeNull();

        List<double> rests = [];
        var now = Now;
        for (var i = 0; i < 5; i++)
        {
            trust = trust.Failed("c", now, Limits);
            rests.Add((trust.RestsUntil!.Value - now).TotalSeconds);
            // What was under way when it began to rest changes nothing.
            trust.Failed("d", now, Limits).ShouldBe(trust);
            now = trust.RestsUntil.Value;
        }

        rests.ShouldBe([10, 20, 40, 60, 60]);
        trust.Reason.ShouldBe("c");
    }

    [Fact]
    public void It_rests_until_the_time_and_no_longer()
    {
        var trust = PluginTrust.Full.Failed("a", Now, Limits).Failed("a", Now, Limits).Failed("a", Now, Limits);
        trust.IsResting(Now.AddSeconds(9.9)).ShouldBeTrue();
        trust.IsResting(Now.AddSeconds(10)).ShouldBeFalse();
    }
}
