using Spectre.Console;

namespace Nssv.Cli.Output;

/// <summary>The same rows for a person at a terminal: headings and states stand out.</summary>
internal static class LiveTable
{
    public static void Write(TextWriter output, IReadOnlyList<string> headers, IReadOnlyList<IReadOnlyList<string>> rows)
    {
        var console = AnsiConsole.Create(new AnsiConsoleSettings { Out = new AnsiConsoleOutput(output) });
        var table = new Table { Border = TableBorder.Simple, BorderStyle = new Style(Color.Grey) };
        foreach (var header in headers)
        {
            table.AddColumn(new TableColumn(new Text(header, new Style(decoration: Decoration.Bold))).NoWrap());
        }

        var state = headers.ToList().FindIndex(header => header.Equals("state", StringComparison.OrdinalIgnoreCase));
        foreach (var row in rows)
        {
            table.AddRow(row.Select((cell, i) => new Text(cell, i == state ? new Style(StateColor.Of(cell)) : null)));
        }

        console.Write(table);
    }
}
