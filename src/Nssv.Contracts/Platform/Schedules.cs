using Nssv.Kernel;
using Nssv.Kernel.Calls;
using Nssv.Kernel.Cascade;
using Nssv.Kernel.Model;
using Nssv.Kernel.Schedules;

namespace Nssv.Contracts.Platform;

/// <summary>Does something again and again, at times that a cron expression tells.</summary>
[Resource("schedules", ShortName = "schedule", Rank = 5)]
public sealed record Schedule : NamedResource
{
    /// <summary>Minute, hour, day of month, month, day of week, as in crontab(5).</summary>
    [Editable] public required string Cron { get; init; }

    /// <summary>In whose wall clock the expression is read: a name of the IANA database. A minute that the clock skips is due at the next one, one that it shows twice the first time.</summary>
    [Editable] public required string TimeZone { get; init; }

    /// <summary>What becomes of a run that was due while no manager ran.</summary>
    [Editable] public required MissedRunRule MissedRun { get; init; }

    [Editable] public required bool Enabled { get; init; }

    /// <summary>What is done, such as "recycle-bin.sweep".</summary>
    public required string Action { get; init; }

    /// <summary>What the action needs to know; each action says which there are.</summary>
    [Editable, JsonColumn] public IReadOnlyDictionary<string, string> Parameters { get; init; } = Rules.NoLabels;

    /// <summary>Null while it is not enabled.</summary>
    [Observed, Index] public DateTimeOffset? NextRunAt { get; init; }

    /// <summary>The last time that was decided on, whether it was run or passed over: never again, whatever the clock says.</summary>
    [Internal, Observed] public DateTimeOffset? LastDueAt { get; init; }

    [Observed] public DateTimeOffset? LastRunAt { get; init; }

    /// <summary>The operation of the last run; operations are not kept for ever.</summary>
    [Observed] public Id? LastOperationId { get; init; }
}

public enum MissedRunRule
{
    /// <summary>It is passed over; the next one comes at its time.</summary>
    Skip,
    /// <summary>However many were missed, one is made up for.</summary>
    RunOnce,
}

/// <summary>Makes a schedule.</summary>
[ApiRequest("POST", "schedules", Permission = "schedule.create", Summary = "Create a schedule")]
public sealed record CreateSchedule : CreateRequest, IValidated
{
    [NewId] public Id Id { get; init; }
    public override Id Target => Id;
    public required string Name { get; init; }
    public string? Description { get; init; }
    public required string Cron { get; init; }
    public string TimeZone { get; init; } = "UTC";
    public MissedRunRule MissedRun { get; init; }
    public bool Enabled { get; init; } = true;
    public required string Action { get; init; }
    public IReadOnlyDictionary<string, string>? Parameters { get; init; }

    public IEnumerable<FieldError> Validate() =>
        Rules.Name("name", Name).Concat(Rules.Description("description", Description)).Concat(Rules.Labels("labels", Labels))
            .Concat(ScheduleForm.Cron("cron", Cron)).Concat(ScheduleForm.TimeZone("timeZone", TimeZone));
}

/// <summary>Deletes a schedule; a run that has begun goes on.</summary>
[ApiRequest("DELETE", "schedules/{id}", Permission = "schedule.delete", Summary = "Delete a schedule")]
public sealed record DeleteSchedule([property: FromRoute] Id Id) : DeleteRequest
{
    public override Id Target => Id;
}

/// <summary>Runs a schedule now, enabled or not; its times stay as they are.</summary>
[ApiRequest("POST", "schedules/{id}:run", Permission = "schedule.run", Summary = "Run a schedule now")]
public sealed record RunSchedule([property: FromRoute] Id Id) : Request
{
    public override Id Target => Id;
}

/// <summary>What a schedule's times must be.</summary>
public static class ScheduleForm
{
    public static IEnumerable<FieldError> Cron(string field, string? cron) =>
        CronExpression.TryParse(cron, out _, out var fault) ? [] : [new(field, "cron", fault)];

    public static IEnumerable<FieldError> TimeZone(string field, string? name) => ScheduleTime.TryZone(name, out _)
        ? [] : [new(field, "time-zone", "timeZone is a name of the IANA database, such as Europe/Zurich or UTC.")];
}
