using System.Text.Json.Nodes;
using Nssv.Contracts;
using Nssv.Contracts.Platform;
using Nssv.Kernel;
using Nssv.Kernel.Calls;
using Nssv.Kernel.Calls.Patching;
using Nssv.Kernel.Data;
using Nssv.Kernel.Schedules;

namespace Nssv.Services.Platform.Schedules;

internal sealed class CreateScheduleTurn(ScheduleActions actions) : CreateTurn<CreateSchedule>
{
    public override Type ResourceType => typeof(Schedule);

    public override ValueTask<Decision> Decide(CreateSchedule request, AcceptContext turn)
    {
        var parameters = request.Parameters ?? Rules.NoLabels;
        if (actions.Check(request.Action, parameters).FirstOrDefault() is { } error)
            throw Problems.Invalid(error.Field, error.Detail, code: error.Code).AsException();
        var schedule = new Schedule
        {
            Id = request.Id,
            ProjectId = turn.Caller.ProjectId,
            CreatedBy = turn.Caller.AccountId,
            CreatedAt = turn.Now,
            UpdatedAt = turn.Now,
            Version = 1,
            Name = request.Name,
            Description = request.Description,
            Labels = request.Labels ?? Rules.NoLabels,
            Tags = request.Tags ?? Rules.NoLabels,
            Cron = request.Cron,
            TimeZone = request.TimeZone,
            MissedRun = request.MissedRun,
            Enabled = request.Enabled,
            Action = request.Action,
            Parameters = parameters,
        };
        return new(Decision.Done(
            new UnitOfWork().Insert(schedule with { NextRunAt = DueRun.After(schedule, turn.Now) }), new JsonObject { ["scheduleId"] = schedule.Id.ToString() }));
    }
}

/// <summary>A change of its times is a change of when it is due next.</summary>
internal sealed class ScheduleRules(ScheduleActions actions) : ResourceRules<Schedule>
{
    protected override IEnumerable<FieldError> Check(Schedule before, Schedule after) =>
        ScheduleForm.Cron("cron", after.Cron).Concat(ScheduleForm.TimeZone("timeZone", after.TimeZone))
            .Concat(ReferenceEquals(before.Parameters, after.Parameters) ? [] : actions.Check(after.Action, after.Parameters));

    protected override Schedule Complete(Schedule before, Schedule after, DateTimeOffset now) =>
        (before.Cron, before.TimeZone, before.Enabled) == (after.Cron, after.TimeZone, after.Enabled) ? after : after with { NextRunAt = DueRun.After(after, now) };
}

internal sealed class DeleteScheduleTurn(BuiltInSchedules builtIn) : AcceptTurn<DeleteSchedule, Schedule>
{
    public override ValueTask<Decision> Decide(DeleteSchedule request, Schedule schedule, AcceptContext turn) => builtIn.Has(schedule.Id)
        ? throw new Problem(409, "schedule-built-in", "The platform needs this schedule.", $"'{schedule.Name}' is the platform's own.", "Disable it instead.").AsException()
        : new(Decision.Done(new UnitOfWork().Delete(schedule)));
}
