using System.Globalization;
using Nssv.Kernel.Schedules;
using Shouldly;
using Xunit;

namespace Nssv.Tests.Schedules;

public sealed class CronExpressionTests
{
    [Theory]
    [InlineData("* * * * *", "2026-03-04 05:06", "2026-03-04 05:06")]
    [InlineData("0 * * * *", "2026-03-04 05:06", "2026-03-04 06:00")]
    [InlineData("0 * * * *", "2026-12-31 23:01", "2027-01-01 00:00")]
    [InlineData("*/15 * * * *", "2026-03-04 05:31", "2026-03-04 05:45")]
    [InlineData("7/20 * * * *", "2026-03-04 05:28", "2026-03-04 05:47")]
    [InlineData("10-20/5 * * * *", "2026-03-04 05:16", "2026-03-04 05:20")]
    [InlineData("1,5,50-52 * * * *", "2026-03-04 05:06", "2026-03-04 05:50")]
    [InlineData("30 2 * * *", "2026-03-04 02:31", "2026-03-05 02:30")]
    [InlineData("0 0 1 * *", "2026-03-04 05:06", "2026-04-01 00:00")]
    [InlineData("0 0 31 * *", "2026-04-01 00:00", "2026-05-31 00:00")]
    [InlineData("0 0 29 2 *", "2026-03-01 00:00", "2028-02-29 00:00")]
    [InlineData("0 0 29 2 *", "2096-03-01 00:00", "2104-02-29 00:00")]
    [InlineData("0 9 * * mon-fri", "2026-03-07 00:00", "2026-03-09 09:00")]
    [InlineData("0 9 * * 1-5", "2026-03-06 09:01", "2026-03-09 09:00")]
    [InlineData("0 9 * * 0", "2026-03-04 00:00", "2026-03-08 09:00")]
    [InlineData("0 9 * * 7", "2026-03-04 00:00", "2026-03-08 09:00")]
    [InlineData("0 9 * * SAT-SUN", "2026-03-08 09:01", "2026-03-14 09:00")]
    [InlineData("0 9 * * 6-7", "2026-03-07 09:01", "2026-03-08 09:00")]
    [InlineData("0 9 * * */2", "2026-03-08 09:01", "2026-03-10 09:00")]
    [InlineData("0 0 * JAN,jul *", "2026-03-04 00:00", "2026-07-01 00:00")]
    [InlineData("0 0 13 * fri", "2026-03-01 00:00", "2026-03-06 00:00")]
    [InlineData("0 0 13 * fri", "2026-03-07 00:00", "2026-03-13 00:00")]
    [InlineData("0 0 10 * fri", "2026-03-07 00:00", "2026-03-10 00:00")]
    [InlineData("0 0 */2 * fri", "2026-03-01 00:00", "2026-03-13 00:00")]
    [InlineData("  5\t4  * * * ", "2026-03-04 00:00", "2026-03-04 04:05")]
    [InlineData("59 23 31 12 *", "2026-12-31 23:59", "2026-12-31 23:59")]
    public void The_next_minute_is(string cron, string from, string next) => CronExpression.Parse(cron).NextLocal(Time(from)).ShouldBe(Time(next));

    [Theory]
    [InlineData("")]
    [InlineData("* * * *")]
    [InlineData("* * * * * *")]
    [InlineData("@hourly")]
    [InlineData("60 * * * *")]
    [InlineData("* 24 * * *")]
    [InlineData("* * 0 * *")]
    [InlineData("* * 32 * *")]
    [InlineData("* * * 0 *")]
    [InlineData("* * * 13 *")]
    [InlineData("* * * * 8")]
    [InlineData("-1 * * * *")]
    [InlineData("+1 * * * *")]
    [InlineData("5-1 * * * *")]
    [InlineData("1-2-3 * * * *")]
    [InlineData("*/0 * * * *")]
    [InlineData("*/61 * * * *")]
    [InlineData("*/5/5 * * * *")]
    [InlineData("*-5 * * * *")]
    [InlineData("1, * * * *")]
    [InlineData(",1 * * * *")]
    [InlineData("mon * * * *")]
    [InlineData("* * * mon *")]
    [InlineData("* * * * monday")]
    [InlineData("* * * * fri-mon")]
    [InlineData("١ * * * *")]
    [InlineData("99999999999999999999 * * * *")]
    [InlineData("0 0 31 2 *")]
    [InlineData("0 0 31 4,6,9,11 *")]
    [InlineData("0 0 30 feb *")]
    public void What_is_none_is_refused_with_a_reason(string cron)
    {
        CronExpression.TryParse(cron, out _, out var fault).ShouldBeFalse();
        fault.ShouldNotBeNullOrEmpty();
    }

    [Fact]
    public void A_text_without_end_is_not_read() => CronExpression.TryParse(string.Join(',', Enumerable.Repeat("1", 10_000)) + " * * * *", out _, out _).ShouldBeFalse();

    [Theory]
    [InlineData("*/7 1-23/3 * * *")]
    [InlineData("0 0 1,15 * wed")]
    [InlineData("30 4 */10 2-11/3 *")]
    [InlineData("15 12 * feb sun")]
    public void Next_is_the_first_minute_that_matches(string text)
    {
        var cron = CronExpression.Parse(text);
        var expected = cron.NextLocal(Time("2026-01-01 00:00"))!.Value;
        for (var minute = Time("2026-01-01 00:00"); minute < Time("2026-12-31 00:00"); minute = minute.AddMinutes(1))
        {
            if (!cron.Matches(minute))
                continue;
            minute.ShouldBe(expected);
            expected = cron.NextLocal(minute.AddMinutes(1))!.Value;
        }
    }

    private static DateTime Time(string text) => DateTime.Parse(text, CultureInfo.InvariantCulture);
}
