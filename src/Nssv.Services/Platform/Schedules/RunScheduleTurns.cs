using Nssv.Contracts.Platform;
using Nssv.Kernel;
using Nssv.Kernel.Calls;
using Nssv.Kernel.Data;
using Nssv.Kernel.Operations;

namespace Nssv.Services.Platform.Schedules;

/// <summary>A person runs it now.</summary>
internal sealed class RunScheduleTurn : AcceptTurn<RunSchedule, Schedule>
{
    public override ValueTask<Decision> Decide(RunSchedule request, Schedule schedule, AcceptContext turn) => new(
        Decision.Run("schedule.run", ScheduleRun.Of(schedule, turn), new UnitOfWork().Observe(schedule, schedule with { LastRunAt = turn.Now, LastOperationId = turn.Operation })));
}

/// <summary>The clock runs it, once for each time at which it is due.</summary>
/// <param name="DueAt">What the clock has seen; when the row says otherwise by now, nothing is run.</param>
internal sealed record RunDueSchedule(Id ScheduleId, DateTimeOffset DueAt) : Request, IPermissioned
{
    public override Id Target => ScheduleId;

    public string Permission => "schedule.run";
}

/// <summary>
/// Operation, key and next time are one unit: whatever crashes, the run is there and the schedule is due later, or neither. That it is still due at this time is a
/// condition of the transaction.
/// </summary>
internal sealed class RunDueScheduleTurn : AcceptTurn<RunDueSchedule, Schedule>
{
    public override async ValueTask<Decision> Decide(RunDueSchedule request, Schedule schedule, AcceptContext turn)
    {
        if (await ScheduleLooks.DueNow(schedule, turn) is not DueRun.Run run || run.DueAt != request.DueAt)
            throw ScheduleLooks.NotDue(schedule).AsException();
        var unit = new UnitOfWork()
            .Require<Schedule>(schedule.Id, Condition.Equal(nameof(Schedule.NextRunAt), run.DueAt))
            .Observe(schedule, schedule with { NextRunAt = run.Next, LastDueAt = run.DueAt, LastRunAt = turn.Now, LastOperationId = turn.Operation });
        return Decision.Run("schedule.run", ScheduleRun.Of(schedule, turn) with { DueAt = run.DueAt }, unit);
    }
}

/// <summary>A run was missed, or the last one still goes on: the next time is what counts.</summary>
internal sealed record PassOverRun(Id ScheduleId, DateTimeOffset DueAt) : Request<bool>
{
    public override Id Target => ScheduleId;
}

internal sealed class PassOverRunTurn : CallTurn<PassOverRun, bool>
{
    public override bool NaturallyKeyed => true;

    public override async ValueTask<Answer<bool>> Decide(PassOverRun request, TurnContext turn)
    {
        if (await turn.Store.Find<Schedule>(request.ScheduleId) is not { } schedule
            || await ScheduleLooks.DueNow(schedule, turn) is not DueRun.Skip skip || skip.DueAt != request.DueAt)
            return Answer(false);
        return Answer(true, new UnitOfWork()
            .Require<Schedule>(schedule.Id, Condition.Equal(nameof(Schedule.NextRunAt), skip.DueAt))
            .Observe(schedule, schedule with { NextRunAt = skip.Next, LastDueAt = skip.DueAt }));
    }
}

internal static class ScheduleLooks
{
    public static async ValueTask<DueRun> DueNow(Schedule schedule, TurnContext turn) => await DueNow(schedule, turn.Store, turn.Now);

    public static async ValueTask<DueRun> DueNow(Schedule schedule, IStore store, DateTimeOffset now) =>
        DueRun.Of(schedule, schedule.LastOperationId is { } last && await store.Find<Operation>(last) is { } run && !run.HasEnded(), now);

    public static Problem NotDue(Schedule schedule) =>
        new(409, "schedule-not-due", "The schedule is not due.", $"'{schedule.Name}' is next due at {schedule.NextRunAt:u}.", "Run it by hand, or wait.");
}
