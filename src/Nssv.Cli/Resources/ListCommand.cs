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
    private readonly Option<string[]> columns = Names("--columns", "What a table shows: fields of the resource, separated by commas", "FIELD,…");
    private readonly Option<string[]> fields = Names("--fields", "Ask for these fields only, also of what it refers to, for example name,host.name", "FIELD,…");
    private readonly Option<string[]> expand = Names("--expand", "Put in what it refers to or what refers to it, for example host.cluster,volumes", "RELATION,…");
    private readonly Option<string[]> aggregate = Names("--aggregate", "Groups instead of resources: count, sum(memoryBytes), min(createdAt), max(…)", "FUNCTION,…");
    private readonly Option<string[]> groupBy = Names("--group-by", "One group for each value of these fields", "FIELD,…");
    private readonly Option<bool> watch = new("--watch", "-w") { Description = "Go on with a line for each change, until Ctrl-C" };

    public Command Build()
    {
        var command = new Command("list", $"List the {kind.Nouns}") { filter, sort, limit, columns, fields, expand, aggregate, groupBy, watch };
        command.Aliases.Add("ls");
        return command.Runs(environment, Run);
    }

    private async Task Run(Invocation invocation, CancellationToken cancellation)
    {
        foreach (var (field, option) in new (string, Option)[] { ("filter", filter), ("sort", sort), ("limit", limit), ("fields", fields), ("expand", expand), ("aggregate", aggregate), ("groupBy", groupBy) })
        {
            invocation.Results.Words.Call(field, option.Name);
        }

        var which = await TagFilter.Resolve(invocation, invocation.Value(filter), cancellation);
        if (invocation.Value(watch))
        {
            RefuseBeside(invocation, "--watch", "Give --filter, --fields, --expand and --columns only.", sort, limit, aggregate, groupBy);
            await new WatchLines(invocation, kind.Collection, Shown(invocation)).Run(new ListQuery(which) { Fields = invocation.Value(fields) ?? [], Expand = invocation.Value(expand) ?? [] }, cancellation);
            return;
        }

        if (invocation.Given(aggregate) || invocation.Given(groupBy))
        {
            await Groups(invocation, which, cancellation);
            return;
        }

        var query = new ListQuery(which, invocation.Value(sort) ?? kind.Sort, invocation.Value(limit)) { Fields = invocation.Value(fields) ?? [], Expand = invocation.Value(expand) ?? [] };
        var items = new List<JsonObject>();
        await foreach (var item in invocation.Client.List(kind.Collection, query, cancellation))
        {
            items.Add(item);
        }

        var shown = Shown(invocation);
        var names = invocation.Results.Format == OutputFormat.Table
            ? await ReferenceNames.For(invocation.Client, items, shown, cancellation)
            : ReferenceNames.None;
        invocation.Results.List(items, shown, names);
    }

    private IReadOnlyList<Column> Shown(Invocation invocation) =>
        invocation.Value(invocation.Given(columns) ? columns : fields) is { Length: > 0 } asked ? [.. asked.Select(path => Column.OfField(path, kind.Columns))] : kind.Columns;

    private static void RefuseBeside(Invocation invocation, string what, string advice, params Option[] options)
    {
        if (options.FirstOrDefault(invocation.Given) is { } option)
        {
            throw new UsageException($"{option.Name} does not go with {what}.", advice);
        }
    }

    private async Task Groups(Invocation invocation, string? which, CancellationToken cancellation)
    {
        RefuseBeside(invocation, "groups", "Give --filter, --aggregate and --group-by only.", sort, limit, columns, fields, expand);
        var query = new ListQuery(which) { Aggregate = invocation.Given(aggregate) ? invocation.Value(aggregate)! : ["count"], GroupBy = invocation.Value(groupBy) ?? [] };
        var groups = await invocation.Client.Groups(kind.Collection, query, cancellation);
        // The keys are names as they were asked for, dots and all: each becomes a plain field.
        string[] names = [.. query.GroupBy, .. query.Aggregate];
        IReadOnlyList<JsonObject> plain = invocation.Results.Format == OutputFormat.Table
            ? [.. groups.Select(group => new JsonObject(names.Select((name, i) => KeyValuePair.Create(Plain(name, i), group[name]?.DeepClone()))))]
            : groups;
        invocation.Results.List(plain, [.. names.Select((name, i) => new Column(name, Plain(name, i)))], ReferenceNames.None);

        // The unit follows from the end of a field's name.
        static string Plain(string name, int i) => $"{i}{name.TrimEnd(')').Split('.', '(')[^1]}";
    }

    private static Option<string[]> Names(string name, string description, string helpName) => new(name)
    {
        Description = description,
        HelpName = helpName,
        CustomParser = static result => [.. result.Tokens.SelectMany(token => token.Value.Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries))],
    };
}
