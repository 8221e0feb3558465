using System.CommandLine;
using System.CommandLine.Completions;
using Nssv.Cli.Resources;
using Nssv.Cli.Sessions;
using Nssv.Client;
using Nssv.Client.Transport;

namespace Nssv.Cli.Commands.Completion;

/// <summary>Where a command takes the name or id of a resource, the running platform is asked which there are.</summary>
internal static class NameCompletion
{
    private const string Kind = "names of ";
    private const int Most = 200;

    /// <summary>Longer than this nobody waits for a word; NSSV_COMPLETION_SECONDS says otherwise, for a platform that is far away.</summary>
    private const int Seconds = 2;

    /// <summary>Says what this argument names. It is the item that <see cref="Of"/> replaces.</summary>
    public static Argument<T> Names<T>(this Argument<T> argument, string collection)
    {
        argument.CompletionSources.Add(context => [Mark(context, collection)]);

        // Else the help would show the mark instead.
        argument.HelpName ??= argument.Name;
        return argument;
    }

    /// <inheritdoc cref="Names{T}(Argument{T}, string)"/>
    public static Option<T> Names<T>(this Option<T> option, string collection)
    {
        option.CompletionSources.Add(context => [Mark(context, collection)]);
        return option;
    }

    /// <summary>The collection whose names stand here; null for an item that is itself the word.</summary>
    public static string? CollectionOf(CompletionItem item) => item.Kind?.StartsWith(Kind, StringComparison.Ordinal) == true ? item.Kind[Kind.Length..] : null;

    /// <summary>Names that begin so; where several resources have one, their ids instead. Nothing when the platform does not answer in time, or not to this caller.</summary>
    public static async Task<IReadOnlyList<string>> Of(string collection, string prefix, ParseResult parse, CliEnvironment environment)
    {
        try
        {
            var patience = TimeSpan.FromSeconds(int.TryParse(environment.Given("NSSV_COMPLETION_SECONDS"), out var given) && given is > 0 and <= 3_600 ? given : Seconds);
            using var deadline = new CancellationTokenSource(patience, environment.Time);
            using var client = new ApiClient(ConnectionChoice.For(parse, environment) with { Retry = RetryPolicy.None, AnswerTimeout = patience });
            return await Ask(client, collection, prefix, deadline.Token).WaitAsync(deadline.Token);
        }
        catch (Exception)
        {
            // Whatever is wrong, a line that is being typed is no place to say it.
            return [];
        }
    }

    private static async Task<IReadOnlyList<string>> Ask(ApiClient client, string collection, string prefix, CancellationToken cancellation)
    {
        var isNamed = ResourceKinds.IsNamed(collection);
        var query = isNamed
            ? new ListQuery(prefix.Length == 0 ? null : $"name = {ListQuery.Quote(prefix)[..^1]}*\"", "name", Most) { Fields = ["id", "name"] }
            : new ListQuery(null, "id desc", Most) { Fields = ["id"] };
        var found = new List<(string Name, string Id)>();
        await foreach (var item in client.List(collection, query, cancellation))
        {
            var id = item["id"].AsText() ?? "";
            found.Add((isNamed ? item["name"].AsText() ?? "" : id, id));
        }

        return
        [
            .. found.GroupBy(item => item.Name).SelectMany(same => same.Count() == 1 ? [same.Key] : same.Select(item => item.Id))
                .Where(word => word.Length > 0 && !word.Any(char.IsControl) && (isNamed || word.StartsWith(prefix, StringComparison.Ordinal))),
        ];
    }

    private static CompletionItem Mark(CompletionContext context, string collection) => new(context.WordToComplete.Length == 0 ? "NAME" : context.WordToComplete, Kind + collection);
}
