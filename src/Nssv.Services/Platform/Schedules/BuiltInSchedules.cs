using Nssv.Contracts;
using Nssv.Contracts.Platform;
using Nssv.Kernel;
using Nssv.Kernel.Calls;
using Nssv.Kernel.Composition;
using Nssv.Kernel.Data;
using Nssv.Kernel.Schedules;

namespace Nssv.Services.Platform.Schedules;

/// <summary>The schedules that the platform itself makes, each with an id that follows from the action's name: made once, whoever makes it.</summary>
internal sealed class BuiltInSchedules
{
    private readonly Dictionary<Id, IScheduleAction> _byId;

    public BuiltInSchedules(ScheduleActions actions, NodeIdentity node)
    {
        Platform = node.PlatformId;
        _byId = actions.All.Where(action => action.BuiltIn is not null).ToDictionary(action => Id.OfName($"schedule/{action.Name}"));
    }

    public Id Platform { get; }

    public IEnumerable<Id> Ids => _byId.Keys.Order();

    public bool Has(Id schedule) => _byId.ContainsKey(schedule);

    public IScheduleAction Action(Id schedule) => _byId[schedule];
}

/// <summary>Makes a schedule of the platform's own, unless it is there.</summary>
internal sealed record MakeBuiltInSchedule(Id ScheduleId) : Request<bool>
{
    public override Id Target => ScheduleId;
}

internal sealed class MakeBuiltInScheduleTurn(BuiltInSchedules builtIn) : CallTurn<MakeBuiltInSchedule, bool>
{
    public override bool NaturallyKeyed => true;

    public override async ValueTask<Answer<bool>> Decide(MakeBuiltInSchedule request, TurnContext turn)
    {
        if (await turn.Store.Find<Schedule>(request.ScheduleId) is not null)
            return Answer(false);
        var action = builtIn.Action(request.ScheduleId);
        var schedule = new Schedule
        {
            Id = request.ScheduleId,
            ProjectId = builtIn.Platform,
            CreatedBy = Id.None,
            CreatedAt = turn.Now,
            UpdatedAt = turn.Now,
            Version = 1,
            Name = action.BuiltIn!.Name,
            Description = action.BuiltIn.Description,
            Labels = Rules.NoLabels,
            Cron = action.BuiltIn.Cron,
            TimeZone = "UTC",
            MissedRun = MissedRunRule.RunOnce,
            Enabled = true,
            Action = action.Name,
        };
        return Answer(true, new UnitOfWork().Insert(schedule with { NextRunAt = DueRun.After(schedule, turn.Now) }));
    }
}
