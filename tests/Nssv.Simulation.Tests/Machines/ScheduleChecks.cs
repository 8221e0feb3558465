using System.Text.Json;
using Nssv.Contracts.Platform;
using Nssv.Kernel;
using Nssv.Kernel.Data;
using Nssv.Kernel.Operations;
using Nssv.Kernel.Schedules;
using Nssv.Services.Platform.Schedules;
using Nssv.Simulation.Tests.Invariants;

namespace Nssv.Simulation.Tests.Machines;

/// <summary>
/// A schedule has run at most once for each time at which it was due, and is not overdue. It was made by one clock and is run by another, which may be behind: then it waits.
/// </summary>
internal static class ScheduleChecks
{
    public static async Task Once(IStore store, DateTimeOffset slowestClock, Findings findings)
    {
        var schedules = (await store.List<Schedule>()).ToDictionary(schedule => schedule.Id);
        var runs = (await store.List<Operation>(Condition.Equal(nameof(Operation.Kind), "schedule.run")))
            .Select(run => (run.TargetId, JsonSerializer.Deserialize<ScheduleRun>(run.Context, KernelJson.Options)!.DueAt)).Where(run => run.DueAt is not null).ToList();
        foreach (var (run, times) in runs.CountBy(run => run))
        {
            var (cron, zone) = (CronExpression.Parse(schedules[run.TargetId].Cron), TimeZoneInfo.Utc);
            findings.Expect(times == 1, Invariant.Once, $"schedule {run.TargetId.Short} has run {times} times for {run.DueAt:O}");
            findings.Expect(ScheduleTime.Next(cron, zone, run.DueAt!.Value.AddTicks(-1)) == run.DueAt, Invariant.Truth, $"schedule {run.TargetId.Short} was not due at {run.DueAt:O}");
        }

        foreach (var schedule in schedules.Values.Where(schedule => schedule.Cron == "* * * * *"))
            findings.Expect(schedule.LastOperationId is not null || schedule.NextRunAt > slowestClock, Invariant.Ended, $"schedule {schedule.Name} is due each minute and has not run once");
    }
}
