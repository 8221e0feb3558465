using Nssv.Contracts.Platform;
using Nssv.Kernel.Schedules;

namespace Nssv.Services.Platform.Schedules;

/// <summary>What becomes of a schedule at a moment. Pure.</summary>
internal abstract record DueRun
{
    /// <summary>A run that begins so much later than it was due has been missed: a manager's restart, or a take-over, is none yet.</summary>
    public static readonly TimeSpan Tolerance = TimeSpan.FromMinutes(5);

    public sealed record NotDue : DueRun;

    /// <summary>It is run, and is next due at <paramref name="Next"/>.</summary>
    public sealed record Run(DateTimeOffset DueAt, DateTimeOffset? Next) : DueRun;

    /// <summary>It is passed over.</summary>
    public sealed record Skip(DateTimeOffset DueAt, DateTimeOffset? Next) : DueRun;

    /// <param name="lastRunGoesOn">Its last run has not ended: runs of one schedule never overlap.</param>
    public static DueRun Of(Schedule schedule, bool lastRunGoesOn, DateTimeOffset now)
    {
        if (!schedule.Enabled || schedule.NextRunAt is not { } due || due > now)
            return new NotDue();
        var next = After(schedule, now);
        var missed = now - due > Tolerance && schedule.MissedRun == MissedRunRule.Skip;
        return missed || lastRunGoesOn ? new Skip(due, next) : new Run(due, next);
    }

    /// <summary>When it is due after <paramref name="now"/>, and after the last time that was decided on: a clock that goes back makes nothing run again. Null when it is not enabled.</summary>
    public static DateTimeOffset? After(Schedule schedule, DateTimeOffset now)
    {
        if (!schedule.Enabled || !CronExpression.TryParse(schedule.Cron, out var cron, out _) || !ScheduleTime.TryZone(schedule.TimeZone, out var zone))
            return null;
        return ScheduleTime.Next(cron, zone, schedule.LastDueAt is { } last && last > now ? last : now);
    }
}
