using System.Buffers;
using System.Text.Json;
using Nssv.Kernel.Data;
using Nssv.Kernel.Model;
using Nssv.Kernel.Operations;
using Nssv.Kernel.Query;
using Nssv.Server.Events;
using Nssv.Server.Http;

namespace Nssv.Server.Watching;

/// <summary>Turns events into the resources that they spoke of.</summary>
internal sealed class ChangeReader(Collections collections, IStore store, OperationEngine running)
{
    private static readonly JsonWriterOptions Writing = new() { Encoder = ApiJson.Options.Encoder, SkipValidation = true };

    /// <summary>Several events about one resource become one change, with the number of the last. The rows are read after the events, so they may be newer.</summary>
    public async Task<ChangeBatch> Read(TableModel table, IReadOnlyList<PublishedEvent> events)
    {
        Dictionary<Id, PublishedEvent> about = [];
        foreach (var item in events.Where(item => item.Event.ResourceType == table.Singular))
            about[item.Event.ResourceId] = item;
        if (about.Count == 0)
            return new(events[^1].Event.Sequence, []);
        var rows = await collections.Current(table, about.Keys);
        var found = rows.Zip(await Documents(table, rows), (row, document) => (Row: row, Document: document)).ToDictionary(pair => ResourceView.IdOf(table, pair.Row));
        return new(events[^1].Event.Sequence,
        [
            .. about.Values.Select(last => last.Event).OrderBy(last => last.Sequence).Select(last =>
            {
                var (row, document) = found.GetValueOrDefault(last.ResourceId);
                return new RowChange(last.ResourceId, last.Sequence, last.At, last.OperationId, row, document);
            }),
        ]);
    }

    /// <summary>Rows as the API shows them.</summary>
    public async ValueTask<IReadOnlyList<byte[]>> Documents(TableModel table, IReadOnlyList<object> rows) => rows is [Operation, ..]
        ? [.. (await OperationDocument.Of([.. rows.Cast<Operation>()], store, running)).Select(document => Text(writer => document.WriteTo(writer)))]
        : [.. rows.Select(row => Document(table, row))];

    public static byte[] Document(TableModel table, object row) => Text(writer => ResourceView.Write(writer, table, row));

    private static byte[] Text(Action<Utf8JsonWriter> write)
    {
        var buffer = new ArrayBufferWriter<byte>(1_024);
        using (var writer = new Utf8JsonWriter(buffer, Writing))
            write(writer);
        return buffer.WrittenSpan.ToArray();
    }
}
