namespace Nssv.Cli.Output;

/// <summary>Rows under headings, aligned by spaces: the same on a terminal and in a pipe, one line a row, nothing cut.</summary>
internal static class PlainTable
{
    public static void Write(TextWriter output, IReadOnlyList<string> headers, IReadOnlyList<IReadOnlyList<string>> rows)
    {
        var widths = headers.Select((header, i) => rows.Select(row => row[i].Length).Append(header.Length).Max()).ToArray();
        Line([.. headers.Select(header => header.ToUpperInvariant())]);
        foreach (var row in rows)
        {
            Line(row);
        }

        void Line(IReadOnlyList<string> cells) =>
            output.WriteLine(string.Join("  ", cells.Select((cell, i) => cell.PadRight(widths[i]))).TrimEnd());
    }
}
