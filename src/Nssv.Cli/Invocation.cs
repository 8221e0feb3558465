using System.CommandLine;
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
            throw new ApiProblemException(none.Problem with { Advice = $"'nssv {command} list' lists what there is." }, none);
        }
    }

    public T? Value<T>(Option<T> option) => Parse.GetValue(option);

    public T Value<T>(Argument<T> argument) => Parse.GetRequiredValue(argument);

    public bool Given(Option option) => Parse.GetResult(option) is { Implicit: false };

    public void Dispose() => client?.Dispose();
}
