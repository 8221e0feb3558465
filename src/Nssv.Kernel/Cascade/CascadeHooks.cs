using Microsoft.Extensions.Logging;
using Nssv.Kernel.Data;
using Nssv.Kernel.Model;

namespace Nssv.Kernel.Cascade;

/// <summary>Asks every hook and guard about the rows of its kind. One that fails or is late stands in the way: nothing goes that it might have kept.</summary>
internal sealed partial class CascadeHooks(IEnumerable<ICascadeHook> hooks, IEnumerable<IDeletionGuard> guards, TimeProvider time, ILogger<CascadeHooks> log)
{
    /// <summary>Rows that hooks add may make other hooks add more; so often at most.</summary>
    public const int Rounds = 8;

    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(10);
    private readonly List<IDeletionGuard> _guards = [.. guards];
    private readonly List<ICascadeHook> _hooks = [.. hooks.OrderBy(hook => hook.GetType().FullName, StringComparer.Ordinal)];

    public bool HasGuards => _guards.Count > 0;

    /// <summary>What must stay of all that a plan takes, the target and parts included.</summary>
    public async ValueTask<IReadOnlyList<CascadeHindrance>> Kept(CascadeSnapshot snapshot)
    {
        if (!HasGuards)
            return [];
        var rows = snapshot.Rows.Prepend(snapshot.Target).ToLookup(row => row.Kind);
        List<CascadeHindrance> kept = [];
        foreach (var guard in _guards.Where(guard => rows.Contains(guard.Kind)))
            kept.AddRange(await InTime(guard, guard.Kind, snapshot.Target, async cancel => await guard.Hindrances([.. rows[guard.Kind]], cancel), hindrance => [hindrance]));
        return kept;
    }

    /// <param name="isKind">Whether there are resources of a kind.</param>
    public async ValueTask<CascadeFindings> Ask(CascadeSnapshot snapshot, IStore store, Predicate<string> isKind)
    {
        var all = snapshot.Rows.ToDictionary(row => row.Id);
        all[snapshot.Target.Id] = snapshot.Target;
        var rows = snapshot.Rows.Where(row => !row.Links.Any(link => link.OnDelete == OnDelete.Part && all.ContainsKey(link.To))).ToLookup(row => row.Kind);
        List<CascadeHindrance> hindrances = [];
        List<CascadeAddition> also = [];
        foreach (var hook in _hooks.Where(hook => rows.Contains(hook.Kind)))
        {
            var found = await Ask(hook, new(snapshot.Target, [.. rows[hook.Kind]], all.ContainsKey, store));
            hindrances.AddRange(found.Hindrances);
            also.AddRange(found.Also.Where(addition => isKind(addition.Kind)));
            foreach (var kind in found.Also.Select(addition => addition.Kind).Where(kind => !isKind(kind)).Distinct(StringComparer.Ordinal))
            {
                AddsUnknown(log, hook.GetType().Name, kind);
                hindrances.Add(new(
                    snapshot.Target.Kind, snapshot.Target.Id, snapshot.Target.Name, $"{hook.GetType().Name} adds a '{kind}' to what goes, which is no kind of resource.",
                    "Report this to whoever made that hook; until it is mended, delete what is needed one by one."));
            }
        }
        return new() { Hindrances = hindrances, Also = also };
    }

    private ValueTask<CascadeFindings> Ask(ICascadeHook hook, CascadeLook look) =>
        InTime(hook, hook.Kind, look.Target, async cancel => await hook.Look(look, cancel), hindrance => new() { Hindrances = [hindrance] });

    /// <param name="refusal">The answer when there is none.</param>
    private async ValueTask<T> InTime<T>(object asked, string kind, CascadeRow target, Func<CancellationToken, Task<T>> ask, Func<CascadeHindrance, T> refusal)
    {
        using var late = new CancellationTokenSource(Patience, time);
        try
        {
            return await ask(late.Token).OrCancelled(late.Token);
        }
        catch (Exception e) when (e is not (ProblemException or FencedException))
        {
            Failed(log, asked.GetType().Name, e);
            return refusal(new(target.Kind, target.Id, target.Name, $"{asked.GetType().Name} could not say whether each {kind} may go.", "Look at the manager's log; then ask again."));
        }
    }

    [LoggerMessage(EventId = 311, Level = LogLevel.Error, Message = "Cascade hook {Hook} adds a '{Kind}', which is no kind of resource")]
    private static partial void AddsUnknown(ILogger log, string hook, string kind);

    [LoggerMessage(EventId = 310, Level = LogLevel.Warning, Message = "Cascade hook {Hook} failed")]
    private static partial void Failed(ILogger log, string hook, Exception error);
}
