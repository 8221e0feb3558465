using System.Text.Json;
using System.Text.Json.Nodes;
using Nssv.Kernel.Cascade;
using Nssv.Plugins;
using Nssv.Plugins.Runner;

namespace Nssv.Server.Plugins;

/// <summary>A plugin's guard. While the plugin is not well it keeps everything of its kind, and says that it is the reason.</summary>
internal sealed class PluginGuard(HostedPlugin plugin, Described guard, ResourceDocuments documents) : IDeletionGuard
{
    private const int AtOnce = 1_000;
    private const int LongestReason = 200;
    private static readonly TimeSpan Deadline = TimeSpan.FromSeconds(10);

    public string Kind => guard.Kinds is [var kind, ..] ? kind : "";

    public async ValueTask<IReadOnlyList<CascadeHindrance>> Hindrances(IReadOnlyList<CascadeRow> rows, CancellationToken cancel)
    {
        List<CascadeHindrance> kept = [];
        try
        {
            foreach (var some in rows.Chunk(AtOnce))
            {
                var shown = new JsonArray([.. await documents.Of(Kind, [.. some.Select(row => row.Id)])]);
                var answer = await plugin.Call(Calls.Hindrances, guard.Name, shown, Deadline, cancel);
                kept.AddRange(
                    from hindrance in answer.Deserialize<IReadOnlyList<Hindrance>>(Messages.Json) ?? []
                    join row in some on hindrance.ResourceId equals row.Id.ToString()
                    select new CascadeHindrance(Kind, row.Id, row.Name, $"{Kind.Replace('-', ' ')} '{row.Name ?? row.Id.ToString()}' must stay: {Short(hindrance.Because)}.", Short(hindrance.Advice)));
            }
        }
        catch (PluginFailure e)
        {
            var first = rows[0];
            kept.Add(new(Kind, first.Id, first.Name, $"Plugin {plugin.Name} keeps watch over each {Kind.Replace('-', ' ')}, and does not answer: {e.Public}", e.Problem.Advice!));
        }
        catch (ProblemException e)
        {
            var first = rows[0];
            kept.Add(new(Kind, first.Id, first.Name, e.Problem.Detail ?? e.Problem.Title, e.Problem.Advice ?? ""));
        }

        return kept;
    }

    private static string Short(string? text) => text is { Length: > 0 } ? text[..Math.Min(text.Length, LongestReason)] : "the plugin does not say why";
}
