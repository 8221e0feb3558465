using System.CommandLine;
using System.Text.Json.Nodes;
using Nssv.Cli.Output;
using Nssv.Cli.Platform;
using Nssv.Cli.Resources;
using Nssv.Cli.Sessions;
using Nssv.Client;
using Nssv.Client.Problems;
using Nssv.Client.Transport;

namespace Nssv.Cli;

/// <summary>One run of one command: what was asked, where results go, and the client, made when it is first needed.</summary>
internal sealed class Invocation(ParseResult parse, CliEnvironment environment) : IDisposable
{
    private ApiClient? client;

    public ParseResult Parse { get; } = parse;

    public CliEnvironment Environment { get; } = environment;

    public ResultWriter Results { get; } = new(environment, parse.GetValue(GlobalOptions.Output));

    public ApiClient Client => client ??= new ApiClient(Connection);

    public ApiConnection Connection => ConnectionChoice.For(Parse, Environment);

    public InstanceHome Home => InstanceHome.Of(Parse.GetValue(GlobalOptions.Home), Environment);

    /// <summary>The id of what a person named by its id, or by a name that only one has.</summary>
    public async Task<string> IdOf(string collection, string idOrName, CancellationToken cancellation)
    {
        try
        {
            return (await Client.Resolve(collection, idOrName, cancellation))["id"].AsText()!;
        }
        catch (ApiProblemException none) when (none.Problem.Status == 404 && ResourceKinds.CommandOf(collection) is { } command)
        {
            throw new ApiProblemException(await InRecycleBin(collection, command, idOrName, cancellation) ?? none.Problem with { Advice = $"'nssv {command} list' lists what there is." }, none);
        }
    }

    /// <summary>What was deleted is not found by its name; that it can be recovered is what its owner wants to know. Null when it is not there either.</summary>
    private async Task<ApiProblem?> InRecycleBin(string collection, string command, string name, CancellationToken cancellation)
    {
        var found = new List<JsonObject>();
        try
        {
            // A collection is called as its kind, in the plural.
            var query = new ListQuery($"name = {ListQuery.Quote(name)} AND kind = {ListQuery.Quote(collection[..^1])}", "deletedAt desc", 2);
            await foreach (var recycled in Client.List(ResourceKinds.RecycledItem.Collection, query, cancellation))
            {
                found.Add(recycled);
            }
        }
        catch (ApiProblemException)
        {
            // Who may not look there learns no more than that there is nothing elsewhere.
        }

        if (found.Count == 0)
        {
            return null;
        }

        var item = found[0];
        var cells = new CellText(Environment.Time.GetUtcNow());
        var until = item["expungeAt"] is { } at ? $"It can be recovered until {cells.Full("expungeAt", at)}." : "It stays there until a person expunges it.";
        var called = found.Count == 1 ? $"'{name}'" : item["resourceId"].AsText();
        return new()
        {
            Status = 404,
            Code = "recycled",
            Title = "It is in the recycle bin",
            Detail = $"The {command} \"{name}\" was deleted{(item["deletedAt"] is { } deleted ? $" {cells.Short("deletedAt", deleted)}" : "")}. {until}",
            Advice = $"nssv recycle-bin recover {called} brings it back; nssv recycle-bin expunge {called} removes it for good.",
        };
    }

    public T? Value<T>(Option<T> option) => Parse.GetValue(option);

    public T Value<T>(Argument<T> argument) => Parse.GetRequiredValue(argument);

    public bool Given(Option option) => Parse.GetResult(option) is { Implicit: false };

    public void Dispose() => client?.Dispose();
}
