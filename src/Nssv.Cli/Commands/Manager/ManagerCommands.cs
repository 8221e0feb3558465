using System.CommandLine;
using System.Text.Json.Nodes;
using Nssv.Cli.Output;
using Nssv.Client;

namespace Nssv.Cli.Commands.Manager;

/// <summary>The management nodes of the platform; they come and go by 'up --join' and 'down'.</summary>
internal static class ManagerCommands
{
    private const string Collection = "management-nodes";

    /// <summary>What a list shows. Which of them answers is the one with a database latency, and without a round trip.</summary>
    private static readonly IReadOnlyList<Column> Columns =
    [
        new("Name", "name"), new("Address", "apiUrl"), new("Shards", "shardCount"), new("Aside", "standsAside"), new("Lease age", "leaseAgeMilliseconds"), new("State", "peer.state"),
        new("Round trip", "peer.roundTripMilliseconds"), new("Database", "database.latencyMilliseconds"), new("Version", "productVersion"), new("Joined", "joinedAt"), new("Id", "id"),
    ];

    public static Command Build(CliEnvironment environment)
    {
        var list = new Command("list", "List the managers of the platform, as the one that answers sees them").Runs(environment, async (invocation, cancellation) =>
            invocation.Results.List(await Nodes(invocation.Client, cancellation), Columns, ReferenceNames.None));
        list.Aliases.Add("ls");
        var id = new Argument<string>("ID") { Description = "The manager's id" };
        var show = new Command("show", "Show one manager in full") { id }.Runs(environment, async (invocation, cancellation) =>
            invocation.Results.Resource(await invocation.Client.Get(Collection, invocation.Value(id), cancellation)));
        return new Command("manager", "Managers: the management nodes of the platform") { list, show };
    }

    public static async Task<IReadOnlyList<JsonObject>> Nodes(ApiClient client, CancellationToken cancellation) =>
        [.. ((await client.Get(Collection, cancellation))["items"] as JsonArray ?? []).OfType<JsonObject>()];
}
