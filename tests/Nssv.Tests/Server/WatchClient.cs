using System.Net;
using System.Net.ServerSentEvents;
using System.Text.Json.Nodes;
using Shouldly;

namespace Nssv.Tests.Server;

/// <summary>Reads a watch as a client should: what it holds is what was added and changed, without what was removed.</summary>
internal sealed class WatchClient(RunningServer server, string path) : IAsyncDisposable
{
    private readonly HttpClient _client = server.SignedIn();
    private HttpResponseMessage? _answer;
    private IAsyncEnumerator<SseItem<string>>? _items;
    private HashSet<string>? _initial;

    public Dictionary<string, JsonObject> Held { get; } = [];

    /// <summary>The number from which it goes on.</summary>
    public long? Place { get; private set; }

    public List<string> Heard { get; } = [];

    /// <summary>Begins, or goes on after the last number.</summary>
    public async Task Connect()
    {
        await Disconnect();
        using var request = new HttpRequestMessage(HttpMethod.Get, path);
        if (Place is { } place)
            request.Headers.TryAddWithoutValidation("Last-Event-ID", place.ToString());
        else
            _initial = [];
        _answer = await _client.SendAsync(request, HttpCompletionOption.ResponseHeadersRead);
        _answer.StatusCode.ShouldBe(HttpStatusCode.OK);
        _items = SseParser.Create(await _answer.Content.ReadAsStreamAsync()).EnumerateAsync().GetAsyncEnumerator();
    }

    /// <summary>Takes in the next event and gives its type; null at the end of the stream.</summary>
    public async Task<string?> Next(int seconds = 30)
    {
        if (_items is null)
            await Connect();
        if (!await _items!.MoveNextAsync().AsTask().WaitAsync(TimeSpan.FromSeconds(seconds)))
            return null;
        var (type, data) = (_items.Current.EventType, JsonNode.Parse(_items.Current.Data)!.AsObject());
        data["type"]?.GetValue<string>().ShouldBe(type);
        if (type != "place")
            Heard.Add(type);
        switch (type)
        {
            case "added" or "changed":
                var id = data["id"]!.GetValue<string>();
                Held[id] = data["resource"]!.DeepClone().AsObject();
                _initial?.Add(id);
                break;
            case "removed":
                Held.Remove(data["id"]!.GetValue<string>());
                break;
            case "ready":
                foreach (var gone in Held.Keys.Where(known => !_initial!.Contains(known)).ToList())
                    Held.Remove(gone);
                _initial = null;
                break;
        }
        if (long.TryParse(_items.Current.EventId, out var place))
        {
            place.ShouldBeGreaterThanOrEqualTo(Place ?? 0);
            Place = place;
        }
        return type == "place" ? await Next(seconds) : type;
    }

    public async Task Until(string type)
    {
        while (await Next() is { } heard && heard != type)
        {
        }
        Heard[^1].ShouldBe(type);
    }

    /// <summary>Takes in what comes until <paramref name="condition"/> holds.</summary>
    public async Task Until(Func<bool> condition)
    {
        while (!condition())
            (await Next()).ShouldNotBeNull("the stream ended");
    }

    public async Task Disconnect()
    {
        _answer?.Dispose();
        if (_items is not null)
        {
            try
            {
                await _items.DisposeAsync();
            }
            catch (Exception error) when (error is IOException or ObjectDisposedException or HttpRequestException or NotSupportedException)
            {
                // It was cut in the middle of reading.
            }
        }
        (_answer, _items) = (null, null);
    }

    public async ValueTask DisposeAsync()
    {
        await Disconnect();
        _client.Dispose();
    }
}
