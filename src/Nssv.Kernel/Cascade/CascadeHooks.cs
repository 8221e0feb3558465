using Microsoft.Extensions.Logging;
using Nssv.Kernel.Data;
using Nssv.Kernel.Model;

namespace Nssv.Kernel.Cascade;

/// <summary>Asks every hook about the rows of its kind. One that fails or is late stands in the way: nothing goes that it might have kept.</summary>
internal sealed partial class CascadeHooks(IEnumerable<ICascadeHook> hooks, TimeProvider time, ILogger<CascadeHooks> log)
{
    /// <summary>Rows that hooks add may make other hooks add more; so often at most.</summary>
    public const int Rounds = 8;

    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(10);
    private readonly List<ICascadeHook> _hooks = [.. hooks.OrderBy(hook => hook.GetType().FullName, StringComparer.Ordinal)];

    public async ValueTask<CascadeFindings> Ask(CascadeSnapshot snapshot, IStore store)
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
            also.AddRange(found.Also);
        }
        return new() { Hindrances = hindrances, Also = also };
    }

    private async ValueTask<CascadeFindings> Ask(ICascadeHook hook, CascadeLook look)
    {
        using var late = new CancellationTokenSource(Patience, time);
        try
        {
            return await hook.Look(look, late.Token).AsTask().OrCancelled(late.Token);
        }
        catch (Exception e) when (e is not (ProblemException or FencedException))
        {
            Failed(log, hook.GetType().Name, e);
            return new()
            {
                Hindrances = [new(look.Target.Kind, look.Target.Id, look.Target.Name, $"{hook.GetType().Name} could not say whether each {hook.Kind} may go.", "Look at the manager's log; then ask again.")],
            };
        }
    }

    [LoggerMessage(EventId = 310, Level = LogLevel.Warning, Message = "Cascade hook {Hook} failed")]
    private static partial void Failed(ILogger log, string hook, Exception error);
}
