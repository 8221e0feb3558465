using Nssv.Kernel.Calls;
using Nssv.Kernel.Data;

namespace Nssv.Kernel.Schedules;

/// <summary>Something that a schedule can do. Every one that an assembly with turns has is registered: a further one is a class, and nothing else changes.</summary>
public interface IScheduleAction
{
    /// <summary>What schedules call it: "area.verb". For ever, since schedules hold it.</summary>
    string Name { get; }

    /// <summary>What is wrong with the parameters; field errors name "parameters.&lt;key&gt;".</summary>
    IEnumerable<FieldError> Check(IReadOnlyDictionary<string, string> parameters);

    /// <summary>What a run works on, in order. The list is kept with the run, so a repeat after a crash works on the same.</summary>
    /// <param name="now">When the run looks.</param>
    ValueTask<IReadOnlyList<ScheduleTarget>> Targets(IReadOnlyDictionary<string, string> parameters, IStore store, DateTimeOffset now);

    /// <summary>The request for one of the targets: a child operation of the run.</summary>
    /// <param name="newId">For what the request makes, if it makes something; the same at each repeat.</param>
    Request For(ScheduleTarget target, IReadOnlyDictionary<string, string> parameters, Id newId);

    /// <summary>The schedule that the platform itself makes at its first start; null: none. It can be changed and disabled, not deleted.</summary>
    BuiltInSchedule? BuiltIn => null;
}

/// <summary>One resource that a run works on.</summary>
/// <param name="Kind">Singular kebab-case.</param>
public sealed record ScheduleTarget(string Kind, Id Id);

/// <summary>A schedule of the platform's own, in UTC, that makes up for missed runs.</summary>
public sealed record BuiltInSchedule(string Name, string Description, string Cron);
