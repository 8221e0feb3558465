using System.Globalization;
using System.Text.Json.Nodes;
using Nssv.Cli.Output;
using Nssv.Client;
using Nssv.Client.Events;

namespace Nssv.Cli.Resources;

/// <summary>A list that goes on: a line for what is there, and one for each change of it, until Ctrl-C.</summary>
internal sealed class WatchLines(Invocation invocation, string collection, IReadOnlyList<Column> columns)
{
    private readonly Dictionary<string, JsonObject> held = [];
    private readonly HashSet<string> looked = [];
    private readonly int[] widths = [.. columns.Select(column => column.Header.Length)];
    private ReferenceNames names = ReferenceNames.None;
    private HashSet<string>? begun;

    public async Task Run(ListQuery query, CancellationToken cancellation)
    {
        await foreach (var change in invocation.Client.Watch(collection, query, cancellation))
        {
            // One change a line in every format, so that a pipe can act on each as it comes.
            if (invocation.Results.Format == OutputFormat.Table)
            {
                await Take(change, cancellation);
            }
            else if (change.Kind != ChangeKind.Begun)
            {
                await invocation.Environment.Out.WriteLineAsync(invocation.Results.Format == OutputFormat.Json ? change.Document.ToJsonString() : "---\n" + YamlText.Of(change.Document));
            }

            await invocation.Environment.Out.FlushAsync(cancellation);
        }
    }

    private async Task Take(ResourceChange change, CancellationToken cancellation)
    {
        switch (change)
        {
            case { Kind: ChangeKind.Begun }:
                begun = [];
                break;
            case { Kind: ChangeKind.Ready }:
                foreach (var gone in held.Keys.Where(id => begun?.Contains(id) == false).ToArray())
                {
                    held.Remove(gone, out var last);
                    Write("removed", last!);
                }

                begun = null;
                break;
            case { Kind: ChangeKind.Removed, Id: { } id }:
                // After a lost connection the server also speaks of what was never here.
                if (held.Remove(id, out var known))
                {
                    Write("removed", known);
                }

                break;
            case { Id: { } id, Resource: { } resource }:
                begun?.Add(id);
                var word = !held.TryGetValue(id, out var before) ? "added" : "changed";
                held[id] = resource;
                if (before is null || !JsonNode.DeepEquals(before, resource))
                {
                    await LookUp(resource, cancellation);
                    Write(word, resource);
                }

                break;
        }
    }

    /// <summary>The names of what it refers to, when one is not known yet.</summary>
    private async Task LookUp(JsonObject resource, CancellationToken cancellation)
    {
        var unknown = columns.Where(column => column.Reference is not null && names.NameOf(column, resource) is null)
            .Select(column => resource.At(column.Path).AsText()).OfType<string>().ToArray();
        if (unknown.Where(looked.Add).ToArray().Length > 0)
        {
            names = await ReferenceNames.For(invocation.Client, [.. held.Values], columns, cancellation);
        }
    }

    private void Write(string word, JsonObject resource)
    {
        var now = invocation.Environment.Time.GetUtcNow();
        var cells = new CellText(now);
        string[] row = [.. columns.Select(column => names.Cell(column, resource, cells))];
        if (looked.Add(""))
        {
            Line("Time", "Change", [.. columns.Select(column => column.Header)]);
        }

        Line(now.ToLocalTime().ToString("HH:mm:ss", CultureInfo.InvariantCulture), word, row);
    }

    /// <summary>Columns grow with what they have shown: what was written cannot be moved any more.</summary>
    private void Line(string time, string word, string[] row)
    {
        for (var i = 0; i < widths.Length; i++)
        {
            widths[i] = Math.Max(widths[i], row[i].Length);
        }

        invocation.Environment.Out.WriteLine($"{time,-8}  {word,-7}  {string.Join("  ", row.Select((cell, i) => cell.PadRight(widths[i])))}".TrimEnd());
    }
}
