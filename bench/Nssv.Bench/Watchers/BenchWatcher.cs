using System.Buffers;
using System.Globalization;
using System.Net.Http.Headers;
using System.Net.ServerSentEvents;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace Nssv.Bench.Watchers;

/// <summary>One client that watches virtual machines: it keeps what it is told as it came, and looks closer only at the end, for it shares its cores with the server.</summary>
internal sealed class BenchWatcher : IAsyncDisposable
{
    /// <summary>What nobody is told of: which of its host's reports was taken last.</summary>
    private const string Untold = "observedSequence";

    private readonly HttpClient _client;
    private readonly string _filter;
    private readonly CancellationTokenSource _stop = new();
    private readonly TaskCompletionSource _ready = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly Lock _gate = new();
    private readonly Dictionary<string, byte[]> _held = new(StringComparer.Ordinal);
    private readonly List<double> _lags = [];
    private readonly Task _reading;

    public BenchWatcher(HttpClient client, string filter)
    {
        (_client, _filter) = (client, filter);
        _reading = Read();
    }

    /// <summary>All that was there at the beginning has come; or the stream has broken.</summary>
    public Task Ready => _ready.Task;

    /// <summary>Changes it was told of since it was ready.</summary>
    public int Changes
    {
        get
        {
            lock (_gate)
                return _lags.Count;
        }
    }

    /// <summary>Milliseconds from each change to its coming here.</summary>
    public IReadOnlyList<double> Lags
    {
        get
        {
            lock (_gate)
                return [.. _lags];
        }
    }

    public long Bytes { get; private set; }

    /// <summary>Rows of which it holds something else than a list with the same filter says.</summary>
    public async Task<int> Differences()
    {
        var listed = new Dictionary<string, JsonNode>(StringComparer.Ordinal);
        string? cursor = null;
        do
        {
            using var answer = await _client.GetAsync(Address("virtual-machines", $"&limit=1000{(cursor is null ? "" : $"&cursor={Uri.EscapeDataString(cursor)}")}"));
            answer.EnsureSuccessStatusCode();
            var page = JsonNode.Parse(await answer.Content.ReadAsStreamAsync())!;
            foreach (var item in page["items"]!.AsArray())
                listed[(string)item!["id"]!] = Told(item);
            cursor = (string?)page["nextCursor"];
        }
        while (cursor is not null);
        lock (_gate)
            return listed.Count(pair => !_held.TryGetValue(pair.Key, out var frame) || !JsonNode.DeepEquals(Told(JsonNode.Parse(frame)!["resource"]!), pair.Value)) + _held.Keys.Count(id => !listed.ContainsKey(id));

        static JsonNode Told(JsonNode resource)
        {
            resource.AsObject().Remove(Untold);
            return resource;
        }
    }

    private async Task Read()
    {
        try
        {
            using var request = new HttpRequestMessage(HttpMethod.Get, Address("virtual-machines:watch", ""));
            request.Headers.Accept.Add(new MediaTypeWithQualityHeaderValue("text/event-stream"));
            using var answer = await _client.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, _stop.Token);
            answer.EnsureSuccessStatusCode();
            await using var body = await answer.Content.ReadAsStreamAsync(_stop.Token);
            await foreach (var frame in SseParser.Create(body, static (_, data) => data.ToArray()).EnumerateAsync(_stop.Token))
                Take(frame.EventType, frame.Data);
            throw new InvalidOperationException($"The stream of '{_filter}' has ended.");
        }
        catch (OperationCanceledException) when (_stop.IsCancellationRequested)
        {
            // As it was asked to.
        }
        catch (Exception error)
        {
            _ready.TrySetException(error);
            throw;
        }
    }

    private void Take(string kind, byte[] data)
    {
        var now = DateTimeOffset.UtcNow;
        switch (kind)
        {
            case "ready":
                _ready.TrySetResult();
                return;
            case "place":
                return;
            case "dropped":
                throw new InvalidOperationException($"The watcher of '{_filter}' was dropped: {Encoding.UTF8.GetString(data)}");
        }
        var (id, at) = Head(data);
        lock (_gate)
        {
            if (kind == "removed")
                _held.Remove(id);
            else
                _held[id] = data;
            if (at is { } changed)
                _lags.Add((now - changed).TotalMilliseconds);
            Bytes += data.Length;
        }
    }

    /// <summary>They come before the resource, so that is not read.</summary>
    private static (string Id, DateTimeOffset? At) Head(byte[] data)
    {
        var reader = new Utf8JsonReader(data);
        (string? id, DateTimeOffset? at) = (null, null);
        reader.Read();
        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName && !reader.ValueTextEquals("resource"u8))
        {
            var (isId, isAt) = (reader.ValueTextEquals("id"u8), reader.ValueTextEquals("at"u8));
            reader.Read();
            if (isId)
                id = reader.GetString();
            else if (isAt)
                at = reader.GetDateTimeOffset();
        }
        return (id ?? throw new InvalidDataException("A change does not say of what."), at);
    }

    private string Address(string collection, string more) => string.Create(CultureInfo.InvariantCulture, $"/api/v1/{collection}?filter={Uri.EscapeDataString(_filter)}{more}");

    /// <summary>Throws what has broken the stream, if anything.</summary>
    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        try
        {
            await _reading;
        }
        finally
        {
            _stop.Dispose();
        }
    }
}
