using System.CommandLine;
using System.Text.Json.Nodes;
using Nssv.Cli.Operations;
using Nssv.Cli.Resources;
using Nssv.Client;

namespace Nssv.Cli.Commands.RecycleBin;

/// <summary>What was deleted and can be recovered.</summary>
internal static class RecycleBinCommands
{
    public static Command Build(CliEnvironment environment)
    {
        var commands = new ResourceCommands(ResourceKinds.RecycledItem, environment);
        return commands.Group(
            "What was deleted and can be recovered",
            Act(commands, environment, "recover", "Take something out of the recycle bin; a vm is stopped then", "Recovering"),
            Act(commands, environment, "expunge", "Remove something in the recycle bin for good", "Expunging"));
    }

    private static Command Act(ResourceCommands commands, CliEnvironment environment, string verb, string description, string doing)
    {
        var target = commands.Target();
        var command = new Command(verb, description) { target };
        var wait = ResourceCommands.Complete(command, []);
        return command.Runs(environment, async (invocation, cancellation) =>
        {
            var id = await commands.Id(invocation, target, cancellation);
            var item = await invocation.Client.Get(ResourceKinds.RecycledItem.Collection, id, cancellation);
            // A collection is called as its kind, in the plural.
            var kind = item["kind"].AsText() ?? throw new FormatException("The item has no kind.");
            var request = new ApiRequest(HttpMethod.Post, $"{ApiClient.Root}/{Uri.EscapeDataString(kind)}s/{id}:{verb}") { Body = new JsonObject() };
            await new OperationRunner(invocation, wait).Run(request, $"{doing} {kind} {invocation.Value(target)}", cancellation);
        });
    }
}
