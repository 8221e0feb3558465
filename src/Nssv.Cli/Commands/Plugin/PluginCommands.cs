using System.CommandLine;
using System.Text.Json.Nodes;
using Nssv.Cli.Output;

namespace Nssv.Cli.Commands.Plugin;

/// <summary>The plugins of the manager that answers; they come and go with their folders.</summary>
internal static class PluginCommands
{
    private const string Collection = "plugins";

    private static readonly IReadOnlyList<Column> Columns =
    [
        new("Name", "name"), new("State", "state"), new("Version", "version"), new("Brings", "brings"), new("Failures", "failures"), new("Starts", "starts"),
        new("Memory", "memoryBytes"), new("Reason", "reason"),
    ];

    public static Command Build(CliEnvironment environment)
    {
        var list = new Command("list", "List the plugins of the manager that answers, and how they do").Runs(environment, async (invocation, cancellation) =>
            invocation.Results.List(
                [.. ((await invocation.Client.Get(Collection, cancellation))["items"] as JsonArray ?? []).OfType<JsonObject>().Select(WithExtensions)], Columns, ReferenceNames.None));
        list.Aliases.Add("ls");
        return new Command("plugin", "Plugins: what extends the platform") { list };
    }

    /// <summary>In a table what it brings is one line: "step sealed-start, observer ledger".</summary>
    private static JsonObject WithExtensions(JsonObject plugin)
    {
        plugin["brings"] = string.Join(", ", (plugin["extensions"] as JsonArray ?? []).OfType<JsonObject>().Select(extension => $"{extension["type"]} {extension["name"]}"));
        return plugin;
    }
}
