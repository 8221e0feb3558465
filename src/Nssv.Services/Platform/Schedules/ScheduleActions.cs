using Nssv.Kernel;
using Nssv.Kernel.Schedules;

namespace Nssv.Services.Platform.Schedules;

/// <summary>The actions that schedules may have, by name.</summary>
internal sealed class ScheduleActions(IEnumerable<IScheduleAction> actions)
{
    private readonly Dictionary<string, IScheduleAction> _byName = actions.ToDictionary(action => action.Name, StringComparer.Ordinal);

    public IEnumerable<IScheduleAction> All => _byName.Values.OrderBy(action => action.Name, StringComparer.Ordinal);

    /// <exception cref="ProblemException">409: a version that this one has taken the place of, or a plugin, knew it.</exception>
    public IScheduleAction Get(string name) => _byName.GetValueOrDefault(name)
        ?? throw new Problem(409, "schedule-action-unknown", "This version cannot do what the schedule asks for.", $"There is no action '{name}'.", Known()).AsException();

    public IEnumerable<FieldError> Check(string name, IReadOnlyDictionary<string, string> parameters) => _byName.TryGetValue(name, out var action)
        ? action.Check(parameters)
        : [new("action", "schedule-action-unknown", $"There is no action '{name}'. {Known()}")];

    private string Known() => $"Actions are: {string.Join(", ", All.Select(action => action.Name))}.";
}
