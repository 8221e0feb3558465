using System.Globalization;
using Nssv.Kernel.Schedules;
using Shouldly;
using Xunit;

namespace Nssv.Tests.Schedules;

public sealed class ScheduleTimeTests
{
    [Theory]
    // Zürich: 29 March 2026 02:00 becomes 03:00; 25 October 2026 03:00 becomes 02:00.
    [InlineData("30 2 * * *", "Europe/Zurich", "2026-03-28T01:30:00Z", "2026-03-29T01:00:00Z")]
    [InlineData("30 2 * * *", "Europe/Zurich", "2026-03-29T01:00:00Z", "2026-03-30T00:30:00Z")]
    [InlineData("0,15,30 2 * * *", "Europe/Zurich", "2026-03-28T22:00:00Z", "2026-03-29T01:00:00Z")]
    [InlineData("0,15,30 2 * * *", "Europe/Zurich", "2026-03-29T01:00:00Z", "2026-03-30T00:00:00Z")]
    [InlineData("30 2,3 * * *", "Europe/Zurich", "2026-03-29T01:00:00Z", "2026-03-29T01:30:00Z")]
    [InlineData("30 2 * * *", "Europe/Zurich", "2026-10-24T12:00:00Z", "2026-10-25T00:30:00Z")]
    [InlineData("30 2 * * *", "Europe/Zurich", "2026-10-25T00:30:00Z", "2026-10-26T01:30:00Z")]
    [InlineData("30 2 * * *", "Europe/Zurich", "2026-10-25T01:15:00Z", "2026-10-26T01:30:00Z")]
    [InlineData("0 * * * *", "Europe/Zurich", "2026-10-25T00:00:00Z", "2026-10-25T02:00:00Z")]
    [InlineData("0 * * * *", "UTC", "2026-10-25T00:00:00Z", "2026-10-25T01:00:00Z")]
    [InlineData("0 12 * * *", "America/New_York", "2026-01-01T00:00:00Z", "2026-01-01T17:00:00Z")]
    [InlineData("0 12 * * *", "Asia/Kathmandu", "2026-01-01T00:00:00Z", "2026-01-01T06:15:00Z")]
    // Lord Howe moves by half an hour.
    [InlineData("10 2 * * *", "Australia/Lord_Howe", "2026-10-03T00:00:00Z", "2026-10-03T15:30:00Z")]
    // Cairo skips midnight itself.
    [InlineData("0 0 24 4 *", "Africa/Cairo", "2026-01-01T00:00:00Z", "2026-04-23T22:00:00Z")]
    [InlineData("* * * * *", "UTC", "2026-01-01T00:00:59.999Z", "2026-01-01T00:01:00Z")]
    [InlineData("* * * * *", "UTC", "2026-01-01T00:01:00Z", "2026-01-01T00:02:00Z")]
    public void The_next_time_is(string cron, string zone, string after, string next)
    {
        ScheduleTime.TryZone(zone, out var found).ShouldBeTrue("time zones load although the culture is invariant");
        ScheduleTime.Next(CronExpression.Parse(cron), found, Time(after)).ShouldBe(Time(next));
    }

    [Theory]
    [InlineData("Europe/Zurich")]
    [InlineData("America/St_Johns")]
    [InlineData("Australia/Lord_Howe")]
    [InlineData("Africa/Cairo")]
    [InlineData("America/Santiago")]
    [InlineData("Asia/Tokyo")]
    public void Each_minute_of_the_wall_clock_is_due_once_and_a_skipped_one_at_the_end_of_the_gap(string name)
    {
        ScheduleTime.TryZone(name, out var zone).ShouldBeTrue();
        foreach (var text in new[] { "*/30 * * * *", "15 0-4 * * *", "45 2 * * sun", "0 0 * * *" })
        {
            var cron = CronExpression.Parse(text);
            var next = ScheduleTime.Next(cron, zone, Time("2026-01-01T00:00:00Z").AddTicks(-1));
            foreach (var due in ByWatchingTheClock(cron, zone, Time("2026-01-01T00:00:00Z"), Time("2027-01-01T00:00:00Z")))
            {
                next.ShouldBe(due, $"{text} in {name}");
                next = ScheduleTime.Next(cron, zone, due);
            }
        }
    }

    [Theory]
    [InlineData(null)]
    [InlineData("")]
    [InlineData("Mars/Olympus")]
    [InlineData("../../../etc/passwd")]
    [InlineData("/etc/localtime")]
    [InlineData("Europe/../UTC")]
    [InlineData("Europe/Zurich\n")]
    [InlineData("Europe/Zürich")]
    [InlineData("tzdata.zi")]
    public void What_is_no_zone_is_refused_and_no_other_file_is_read(string? name) => ScheduleTime.TryZone(name, out _).ShouldBeFalse();

    /// <summary>The definition: minute by minute, what the clock on the wall shows for the first time, and at the end of a gap what it has skipped.</summary>
    private static IEnumerable<DateTimeOffset> ByWatchingTheClock(CronExpression cron, TimeZoneInfo zone, DateTimeOffset from, DateTimeOffset to)
    {
        var shown = TimeZoneInfo.ConvertTime(from.AddMinutes(-1), zone).DateTime;
        for (var now = from; now < to; now = now.AddMinutes(1))
        {
            var due = false;
            for (var local = TimeZoneInfo.ConvertTime(now, zone).DateTime; shown < local;)
            {
                shown = shown.AddMinutes(1);
                due |= cron.Matches(shown);
            }

            if (due)
                yield return now;
        }
    }

    private static DateTimeOffset Time(string text) => DateTimeOffset.Parse(text, CultureInfo.InvariantCulture);
}
