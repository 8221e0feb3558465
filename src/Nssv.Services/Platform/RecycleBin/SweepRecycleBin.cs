using Nssv.Contracts.Platform;
using Nssv.Kernel;
using Nssv.Kernel.Calls;
using Nssv.Kernel.Data;
using Nssv.Kernel.Deletion;
using Nssv.Kernel.Model;
using Nssv.Kernel.Schedules;

namespace Nssv.Services.Platform.RecycleBin;

/// <summary>Removes for good what has been in the recycle bin long enough. Whatever is recovered before its turn comes is left as it is.</summary>
internal sealed class SweepRecycleBin(IEnumerable<IRecycledKind> kinds, ResourceModels models, TimeProvider time) : IScheduleAction
{
    private readonly Dictionary<string, IRecycledKind> _kinds = kinds.ToDictionary(kind => kind.Kind, StringComparer.Ordinal);

    public string Name => "recycle-bin.sweep";

    public BuiltInSchedule BuiltIn { get; } = new("Recycle bin", "Removes for good what has been in the recycle bin for its time.", "17 * * * *");

    public IEnumerable<FieldError> Check(IReadOnlyDictionary<string, string> parameters) =>
        parameters.Keys.Order(StringComparer.Ordinal).Select(key => new FieldError($"parameters.{key}", "unknown-parameter", "recycle-bin.sweep has no parameters."));

    /// <summary>What uses others goes before them: of the greater rank first.</summary>
    public async ValueTask<IReadOnlyList<ScheduleTarget>> Targets(IReadOnlyDictionary<string, string> parameters, IStore store, DateTimeOffset now) =>
        [.. (await store.List<RecycledItem>(new Condition(nameof(RecycledItem.ExpungeAt), Comparison.LessOrEqual, now)))
            .Where(item => _kinds.ContainsKey(item.Kind))
            .OrderByDescending(item => models.TrySingular(item.Kind, out var table) ? table.Rank : 0).ThenBy(item => item.ExpungeAt).ThenBy(item => item.ResourceId)
            .Select(item => new ScheduleTarget(item.Kind, item.ResourceId))];

    public Request For(ScheduleTarget target, IReadOnlyDictionary<string, string> parameters, Id newId) => _kinds[target.Kind].Expunge(target.Id, Clock.Now(time));
}
