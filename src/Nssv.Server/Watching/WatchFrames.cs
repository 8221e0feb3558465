using System.Buffers;
using System.Text;
using System.Text.Json;
using Nssv.Server.Http;

namespace Nssv.Server.Watching;

/// <summary>What a watcher reads: server-sent events whose data is one JSON object.</summary>
internal static class WatchFrames
{
    private static readonly JsonWriterOptions Writing = new() { Encoder = ApiJson.Options.Encoder, SkipValidation = true };

    /// <summary>A row of the beginning. It has no number: whoever is cut off here begins anew.</summary>
    public static byte[] Initial(Id id, ReadOnlySpan<byte> document) => Frame("added", null, Row(writer => writer.WriteString("id", id.ToString()), document));

    public static byte[] Change(RowNews news, RowChange change, ReadOnlySpan<byte> document) => Frame(Word(news), change.Sequence, Row(writer =>
    {
        writer.WriteNumber("sequence", change.Sequence);
        writer.WriteString("id", change.Id.ToString());
        writer.WriteString("at", KernelJson.Text(change.At));
        if (change.OperationId is { } operation)
            writer.WriteString("operationId", operation.ToString());
    }, news == RowNews.Removed ? [] : document, Word(news)));

    /// <summary>What was there at the beginning has been sent; from this number on it is changes.</summary>
    public static byte[] Ready(long place) => Frame("ready", place, Row(writer => writer.WriteNumber("sequence", place), [], "ready"));

    /// <summary>The stream ends here; the watcher comes back with the last number that it has seen.</summary>
    public static byte[] Dropped(string code, string detail) => Frame("dropped", null, Row(writer =>
    {
        writer.WriteString("code", code);
        writer.WriteString("detail", detail);
    }, [], "dropped"));

    private static string Word(RowNews news) => news switch
    {
        RowNews.Added => "added",
        RowNews.Changed => "changed",
        RowNews.Removed => "removed",
        _ => throw new ArgumentOutOfRangeException(nameof(news)),
    };

    private static byte[] Row(Action<Utf8JsonWriter> write, ReadOnlySpan<byte> document, string type = "added")
    {
        var buffer = new ArrayBufferWriter<byte>(256 + document.Length);
        using var writer = new Utf8JsonWriter(buffer, Writing);
        writer.WriteStartObject();
        writer.WriteString("type", type);
        write(writer);
        if (!document.IsEmpty)
        {
            writer.WritePropertyName("resource");
            writer.WriteRawValue(document, skipInputValidation: true);
        }
        writer.WriteEndObject();
        writer.Flush();
        return buffer.WrittenSpan.ToArray();
    }

    /// <summary>JSON escapes line ends within texts, so the data is one line.</summary>
    private static byte[] Frame(string name, long? place, byte[] data)
    {
        var head = Encoding.ASCII.GetBytes(FormattableString.Invariant($"{(place is null ? "" : FormattableString.Invariant($"id: {place}\n"))}event: {name}\ndata: "));
        return [.. head, .. data, (byte)'\n', (byte)'\n'];
    }
}
