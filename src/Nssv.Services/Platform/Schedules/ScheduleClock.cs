using Microsoft.Extensions.Logging;
using Nssv.Contracts.Platform;
using Nssv.Kernel;
using Nssv.Kernel.Calls;
using Nssv.Kernel.Data;
using Nssv.Kernel.Ownership;

namespace Nssv.Services.Platform.Schedules;

/// <summary>
/// Runs what is due of the schedules whose shards this node holds. It only looks and asks: what is run is decided by the schedule's own turn, so that a second clock,
/// a repeat, or a clock that goes back changes nothing (docs/mechanisms/schedule.md).
/// </summary>
public sealed partial class ScheduleClock
{
    /// <summary>At most so long after a schedule was made, or a shard was gained, the clock knows.</summary>
    private static readonly TimeSpan Interval = TimeSpan.FromSeconds(5);

    private readonly IBus _bus;
    private readonly IStore _store;
    private readonly IOwnership _ownership;
    private readonly BuiltInSchedules _builtIn;
    private readonly TimeProvider _time;
    private readonly ILogger<ScheduleClock> _log;

    internal ScheduleClock(IBus bus, IStore store, IOwnership ownership, BuiltInSchedules builtIn, TimeProvider time, ILogger<ScheduleClock> log) =>
        (_bus, _store, _ownership, _builtIn, _time, _log) = (bus, store, ownership, builtIn, time, log);

    /// <summary>Looks again and again until it is cancelled. Whatever fails is tried again at the next look.</summary>
    public async Task Run(CancellationToken cancel)
    {
        for (var made = false; ; await Task.Delay(await UntilNext(), _time, cancel))
        {
            try
            {
                made = made || await MakeBuiltIn();
                await Look();
            }
            catch (Exception e) when (e is not OperationCanceledException)
            {
                // The database, or whoever owns the schedule, is away: it is due until somebody has run it.
                LogFailed(_log, e);
            }
        }
    }

    /// <summary>Runs, or passes over, what is due now.</summary>
    /// <returns>Runs accepted.</returns>
    public async Task<int> Look()
    {
        var now = Clock.Now(_time);
        var runs = 0;
        foreach (var schedule in await Due(now))
        {
            if (_ownership.Hold(schedule.Id) is null)
                continue;
            try
            {
                switch (await ScheduleLooks.DueNow(schedule, _store, now))
                {
                    case DueRun.Run run:
                        // The account of the platform itself; the key is in the same unit as the operation and the schedule's next time.
                        await _bus.Accept(new RunDueSchedule(schedule.Id, run.DueAt), Caller.System(schedule.ProjectId), new AcceptOptions($"schedule/{schedule.Id}/{run.DueAt:O}"));
                        runs++;
                        break;
                    case DueRun.Skip skip when await _bus.Call(new PassOverRun(schedule.Id, skip.DueAt)):
                        LogPassedOver(_log, schedule.Id, skip.DueAt);
                        break;
                }
            }
            catch (Exception e) when (e is ProblemException or NotOwnerException or OutcomeUnknownException)
            {
                LogNotRun(_log, schedule.Id, e.Message);
            }
        }

        return runs;
    }

    /// <summary>Makes the platform's own schedules. Every node may: there is one id for each.</summary>
    /// <returns>True when they are there.</returns>
    public async Task<bool> MakeBuiltIn()
    {
        foreach (var id in _builtIn.Ids)
        {
            if (await _store.Find<Schedule>(id) is not null)
                continue;
            if (_ownership.Hold(id) is null)
                return false;
            await _bus.Call(new MakeBuiltInSchedule(id));
        }

        return true;
    }

    private async Task<TimeSpan> UntilNext()
    {
        try
        {
            var now = Clock.Now(_time);
            var next = (await Due(now + Interval)).Where(schedule => _ownership.Hold(schedule.Id) is not null).Min(schedule => schedule.NextRunAt);
            // Timers know whole milliseconds: a fraction of one would be no wait at all.
            return next is { } due && due > now ? TimeSpan.FromMilliseconds(Math.Ceiling((due - now).TotalMilliseconds)) : Interval;
        }
        catch (Exception e) when (e is not OperationCanceledException)
        {
            return Interval;
        }
    }

    private ValueTask<IReadOnlyList<Schedule>> Due(DateTimeOffset by) =>
        _store.List<Schedule>(Condition.Equal(nameof(Schedule.Enabled), true), new Condition(nameof(Schedule.NextRunAt), Comparison.LessOrEqual, by));

    [LoggerMessage(Level = LogLevel.Warning, Message = "Schedules could not be looked at; it is tried again")]
    private static partial void LogFailed(ILogger log, Exception e);

    [LoggerMessage(Level = LogLevel.Warning, Message = "Schedule {ScheduleId} was due and has not been run; it is tried again: {Reason}")]
    private static partial void LogNotRun(ILogger log, Id scheduleId, string reason);

    [LoggerMessage(Level = LogLevel.Information, Message = "Schedule {ScheduleId} was passed over at {DueAt}: it was missed, or its last run still goes on")]
    private static partial void LogPassedOver(ILogger log, Id scheduleId, DateTimeOffset dueAt);
}
