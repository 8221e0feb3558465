using System.CommandLine;
using System.Text.Json.Nodes;
using Nssv.Cli.Input;
using Nssv.Cli.Output;
using Nssv.Client;

namespace Nssv.Cli.Resources;

/// <summary>The list of a collection: filter, order, limit and columns.</summary>
internal sealed class ListCommand(ResourceKind kind, CliEnvironment environment)
{
    private readonly Option<string> filter = new("--filter") { Description = "Only what fits, for example 'state = \"running\" AND cpuCount > 2'", HelpName = "FILTER" };
    private readonly Option<string> sort = new("--sort") { Description = "The order, for example 'createdAt desc'", HelpName = "FIELD [desc]" };
    private readonly Option<int?> limit = Parsers.Count("--limit", "No more than this many");
    private readonly Option<string[]> columns = new("--columns")
    {
        Description = "What a table shows: fields of the resource, separated by commas",
        HelpName = "FIELD,…",
        CustomParser = static result => [.. result.Tokens.SelectMany(token => token.Value.Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries))],
    };

    public Command Build()
    {
        var command = new Command("list", $"List the {kind.Nouns}") { filter, sort, limit, columns };
        command.Aliases.Add("ls");
        return command.Runs(environment, Run);
    }

    private async Task Run(Invocation invocation, CancellationToken cancellation)
    {
        var query = new ListQuery(invocation.Value(filter), invocation.Value(sort) ?? kind.Sort, invocation.Value(limit));
        var items = new List<JsonObject>();
        await foreach (var item in invocation.Client.List(kind.Collection, query, cancellation))
        {
            items.Add(item);
        }

        IReadOnlyList<Column> shown = invocation.Value(columns) is { Length: > 0 } asked ? [.. asked.Select(path => Column.OfField(path, kind.Columns))] : kind.Columns;
        var names = invocation.Results.Format == OutputFormat.Table
            ? await ReferenceNames.For(invocation.Client, items, shown, cancellation)
            : ReferenceNames.None;
        invocation.Results.List(items, shown, names);
    }
}
