using System.CommandLine;
using System.Text.Json.Nodes;
using Nssv.Cli.Commands.Completion;
using Nssv.Cli.Operations;
using Nssv.Cli.Output;
using Nssv.Cli.Resources;
using Nssv.Client;
using Nssv.Client.Problems;

namespace Nssv.Cli.Commands.RecycleBin;

/// <summary>What was deleted and can be recovered.</summary>
internal static class RecycleBinCommands
{
    private const string Recover = "recover";
    private const int MostCounted = 100;

    public static Command Build(CliEnvironment environment)
    {
        var commands = new ResourceCommands(ResourceKinds.RecycledItem, environment);
        return commands.Group(
            "What was deleted and can be recovered",
            Act(environment, Recover, "Take something out of the recycle bin; a vm is stopped then", "Recovering"),
            Act(environment, "expunge", "Remove something in the recycle bin for good", "Expunging"));
    }

    /// <summary>By the deleted resource's id, the item's own, or a name.</summary>
    private static async Task<JsonObject> Item(Invocation invocation, string idOrName, CancellationToken cancellation)
    {
        var collection = ResourceKinds.RecycledItem.Collection;
        if (Guid.TryParseExact(idOrName, "D", out _))
        {
            await foreach (var item in invocation.Client.List(collection, new ListQuery($"resourceId = \"{idOrName}\""), cancellation))
            {
                return item;
            }
        }

        return await invocation.Client.Get(collection, await invocation.IdOf(collection, idOrName, cancellation), cancellation);
    }

    private static Command Act(CliEnvironment environment, string verb, string description, string doing)
    {
        var target = new Argument<string>("NAME") { Description = "The id of what was deleted, or its name if nothing else that was deleted has it" }.Names("recycle-bin");
        var command = new Command(verb, description) { target };
        var wait = ResourceCommands.Complete(command, []);
        return command.Runs(environment, async (invocation, cancellation) =>
        {
            var item = await Item(invocation, invocation.Value(target)!, cancellation);
            // A collection is called as its kind, in the plural.
            var (kind, id) = (item["kind"].AsText() ?? "", item["resourceId"].AsText() ?? "");
            var request = new ApiRequest(HttpMethod.Post, $"{ApiClient.Root}/{Uri.EscapeDataString(kind)}s/{Uri.EscapeDataString(id)}:{verb}") { Body = new JsonObject() };
            await new OperationRunner(invocation, wait).Run(request, $"{doing} {kind} {invocation.Value(target)}", cancellation);
            if (verb == Recover)
            {
                await TellOfNamesakes(invocation, kind, item["name"].AsText() ?? "", cancellation);
            }
        });
    }

    /// <summary>Names need not be unique. Whoever takes something back learns at once that its name alone does not find it any more. It is recovered, whether that can be told or not.</summary>
    private static async Task TellOfNamesakes(Invocation invocation, string kind, string name, CancellationToken cancellation)
    {
        if (invocation.Results.Format != OutputFormat.Table || name.Length == 0)
        {
            return;
        }

        var count = 0;
        try
        {
            await foreach (var _ in invocation.Client.List($"{kind}s", new ListQuery($"name = {ListQuery.Quote(name)}", Limit: MostCounted) { Fields = ["id"] }, cancellation))
            {
                count++;
            }
        }
        catch (Exception fault) when (fault is ApiProblemException or HttpRequestException or TimeoutException)
        {
            return;
        }

        if (count > 1)
        {
            invocation.Results.Say($"There are now {(count == MostCounted ? "many" : count)} {kind.Replace('-', ' ')}s named \"{Printable.Of(name)}\": call them by their ids, or give one another name.");
        }
    }
}
