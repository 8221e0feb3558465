using System.Net.ServerSentEvents;
using System.Runtime.CompilerServices;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace Nssv.Client.Events;

/// <summary>One open connection that delivers events (server-sent events, WHATWG HTML 9.2).</summary>
public sealed class EventStream : IDisposable
{
    /// <summary>Says where the stream is when there is nothing to tell.</summary>
    private const string Place = "place";

    private readonly IDisposable owner;
    private readonly Stream body;

    internal EventStream(IDisposable owner, Stream body)
    {
        this.owner = owner;
        this.body = body;
    }

    /// <summary>The number after which the stream goes on elsewhere; the server also sends it when there is nothing to tell. Null before the first.</summary>
    public string? LastEventId { get; private set; }

    /// <summary>The events until the connection ends, well or not; comments and what is no JSON object are passed over.</summary>
    public async IAsyncEnumerable<PlatformEvent> Read([EnumeratorCancellation] CancellationToken cancellation = default)
    {
        var parser = SseParser.Create(body, static (_, data) => ParseObject(data));
        await using var items = parser.EnumerateAsync(cancellation).GetAsyncEnumerator(cancellation);
        while (await Next(items, cancellation))
        {            // Only of whole events: the parser knows a number as soon as it has read its line.
            LastEventId = items.Current.EventId ?? LastEventId;
            if (items.Current.Data is { } document && items.Current.EventType != Place)
            {
                yield return new PlatformEvent(items.Current.EventId ?? document["sequence"].AsText(), items.Current.EventType, document);
            }
        }
    }

    /// <inheritdoc/>
    public void Dispose() => owner.Dispose();

    private static async ValueTask<bool> Next(IAsyncEnumerator<SseItem<JsonObject?>> items, CancellationToken cancellation)
    {
        try
        {
            return await items.MoveNextAsync();
        }
        catch (Exception fault) when (fault is IOException or HttpRequestException && !cancellation.IsCancellationRequested)
        {
            return false;
        }
    }

    private static JsonObject? ParseObject(ReadOnlySpan<byte> data)
    {
        try
        {
            var reader = new Utf8JsonReader(data);
            return JsonNode.Parse(ref reader) as JsonObject;
        }
        catch (JsonException)
        {
            return null;
        }
    }
}
