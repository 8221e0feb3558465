using System.Text.Json.Nodes;
using Nssv.Client.Problems;

namespace Nssv.Cli.Output;

/// <summary>Writes results to standard output in the format asked for, and remarks for people to standard error or nowhere.</summary>
internal sealed class ResultWriter(CliEnvironment environment, OutputFormat format)
{
    public OutputFormat Format { get; } = format;

    /// <summary>Where a person reads it, the API's words become the command line's.</summary>
    public ApiWords Words { get; } = new(environment);

    /// <summary>Data for a program, whatever the format; the table format takes it as JSON.</summary>
    public void Data(JsonNode? node) => environment.Out.WriteLine(Format == OutputFormat.Yaml ? YamlText.Of(node) : JsonText.Of(node));

    /// <summary>A sentence for a person; programs read the data instead.</summary>
    public void Say(string sentence)
    {
        if (Format == OutputFormat.Table)
        {
            environment.Out.WriteLine(sentence);
        }
    }

    public void List(IReadOnlyList<JsonObject> items, IReadOnlyList<Column> columns, ReferenceNames names)
    {
        if (Format != OutputFormat.Table)
        {
            Data(new JsonArray([.. items.Select(item => item.DeepClone())]));
            return;
        }

        var cells = CellsNow();
        var headers = columns.Select(column => column.Header).ToArray();
        IReadOnlyList<string>[] rows = [.. items.Select(item => columns.Select(column => names.Cell(column, item, cells)).ToArray())];
        if (environment.OutIsTerminal && environment.Lively)
        {
            LiveTable.Write(environment.Out, headers, rows);
        }
        else
        {
            PlainTable.Write(environment.Out, headers, rows);
        }
    }

    public void Resource(JsonObject resource) => Resource(resource, [], ReferenceNames.None);

    /// <param name="references">Fields that hold ids of others, which are named beside them.</param>
    public void Resource(JsonObject resource, IReadOnlyList<Column> references, ReferenceNames names)
    {
        if (Format != OutputFormat.Table)
        {
            Data(resource);
            return;
        }

        var cells = CellsNow();
        var shown = resource.Where(pair => pair.Value is not null).ToArray();
        var width = shown.Select(pair => Output.Words.Of(pair.Key).Length).DefaultIfEmpty(0).Max();
        foreach (var (name, value) in shown)
        {
            var heading = Output.Words.Of(name).PadRight(width);
            if (value is JsonArray { Count: > 0 } list && list.All(item => item is JsonObject))
            {
                environment.Out.WriteLine(heading.TrimEnd() + ":");
                foreach (var item in list)
                {
                    environment.Out.WriteLine($"  - {cells.Full(name, item)}");
                }
            }
            else
            {
                var referred = references.FirstOrDefault(column => column.Path == name) is { } reference ? names.NameOf(reference, resource) : null;
                environment.Out.WriteLine(referred is null ? $"{heading}  {cells.Full(name, value)}" : $"{heading}  {referred} ({cells.Full(name, value)})");
            }
        }
    }

    // Ages are counted from now, not from the start of the command: else what has happened since would lie in the future.
    private CellText CellsNow() => new(environment.Time.GetUtcNow());

    public void Problem(ApiProblem problem)
    {
        if (Format == OutputFormat.Table)
        {
            environment.Error.WriteLine(ProblemBlock.Of(problem, Words));
        }
        else
        {
            Data(problem.ToJson());
        }
    }
}
