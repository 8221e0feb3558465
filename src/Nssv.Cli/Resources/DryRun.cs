using System.Text.Json.Nodes;
using Nssv.Cli.Output;
using Nssv.Client;

namespace Nssv.Cli.Resources;

/// <summary>Asks what a deletion or detachment would do, and shows the plan: the steps in order, and what stands in the way.</summary>
internal static class DryRun
{
    private static readonly Column[] Steps = [new("STEP", "step"), new("ACTION", "action"), new("KIND", "kind"), new("COUNT", "count"), new("RESOURCES", "shown")];

    /// <param name="title">For example "Deleting cluster main".</param>
    public static async Task Show(Invocation invocation, ApiRequest request, string title, CancellationToken cancellation)
    {
        var plan = await invocation.Client.Plan(request, cancellation);
        if (invocation.Results.Format != OutputFormat.Table)
        {
            invocation.Results.Data(plan);
            return;
        }

        Part(invocation, plan, title);
        if (plan["withCascade"] is JsonObject whole && whole["total"]!.GetValue<long>() > plan["total"]!.GetValue<long>())
        {
            invocation.Results.Say("");
            Part(invocation, whole, $"{title} with --cascade");
        }

        invocation.Results.Say("Nothing was changed.");
    }

    private static void Part(Invocation invocation, JsonObject plan, string title)
    {
        var refused = plan["refused"]!.GetValue<bool>();
        invocation.Results.Say($"{title} {(refused ? "would be refused" : Outcome(invocation, plan))}:");
        var steps = plan["steps"]!.AsArray().OfType<JsonObject>().Select(Step).ToList();
        invocation.Results.List(steps, Steps, ReferenceNames.None);
        if (!refused && Recycled(plan) > 0)
        {
            invocation.Results.Say("'nssv recycle-bin recover' brings back what lies there; with --expunge it would be gone at once.");
        }

        if (!refused)
        {
            return;
        }

        var hindrances = plan["hindrances"]!.AsArray().OfType<JsonObject>().ToList();
        invocation.Results.Say("");
        invocation.Results.Say("In the way:");
        foreach (var hindrance in hindrances)
        {
            invocation.Results.Say($"  {Printable.Of(invocation.Results.Words.AsCommands(hindrance["because"].AsText() ?? ""))}");
            // By its id: a name may be that of several, of which only one is in the way.
            invocation.Results.Say($"    {Printable.Of(invocation.Results.Words.AsCommands(hindrance["advice"].AsText() ?? ""))}");
        }

        if (plan["hindranceCount"]!.GetValue<long>() - hindrances.Count is > 0 and var more)
        {
            invocation.Results.Say($"  and {more} more");
        }
    }

    private static string Outcome(Invocation invocation, JsonObject plan)
    {
        var recycled = Recycled(plan);
        if (recycled == 0)
        {
            return $"would delete {plan["total"]}";
        }

        var rest = plan["total"]!.GetValue<long>() - recycled;
        var until = plan["expungeAt"] is { } at ? $"until {new CellText(invocation.Environment.Time.GetUtcNow()).Full("expungeAt", at)}" : "until a person expunges it";
        return $"would {(rest > 0 ? $"delete {rest} and " : "")}put {recycled} into the recycle bin, {until}";
    }

    private static long Recycled(JsonObject plan) =>
        plan["steps"]!.AsArray().OfType<JsonObject>().Where(step => step["action"].AsText() == "recycle").Sum(step => step["count"]!.GetValue<long>());

    private static JsonObject Step(JsonObject step, int index)
    {
        var named = step["resources"]!.AsArray().OfType<JsonObject>().Take(3).Select(resource => (resource["name"] ?? resource["id"])!.GetValue<string>()).ToList();
        var count = step["count"]!.GetValue<long>();
        return new JsonObject
        {
            ["step"] = (index + 1).ToString(System.Globalization.CultureInfo.InvariantCulture),
            ["action"] = step["partOf"] is { } owner ? $"with its {owner}" : step["action"]!.GetValue<string>(),
            ["kind"] = step["kind"]!.GetValue<string>(),
            ["count"] = count,
            ["shown"] = string.Join(", ", named) + (count > named.Count ? $" and {count - named.Count} more" : ""),
        };
    }
}
