using System.Globalization;
using System.Text.Json.Serialization;
using Microsoft.AspNetCore.Http.Features;
using Nssv.Kernel.Authorization;
using Nssv.Kernel.Events;
using Nssv.Server.Http;
using Nssv.Server.OpenApi;
using Nssv.Services.Identity;

namespace Nssv.Server.Events;

/// <summary>GET /api/v1/events: what happens, as a stream or as a list.</summary>
internal sealed class EventEndpoints(EventLog log, IAuthoriser authoriser, Sessions sessions, TimeProvider time, IHostApplicationLifetime lifetime)
{
    public const string Permission = "event.read";
    public const string StreamType = "text/event-stream";

    private const int Batch = 200;
    private const int DefaultLimit = 100;
    private const int LargestLimit = 1_000;
    private static readonly TimeSpan Heartbeat = TimeSpan.FromSeconds(15);

    /// <summary>A reader that does not take what it is sent for so long is cut off; it comes back with Last-Event-ID and has missed nothing.</summary>
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(20);

    private static readonly byte[] Comment = ":\n\n"u8.ToArray();

    public void Map(IEndpointRouteBuilder endpoints) => endpoints.MapGet($"{ApiPaths.Root}/events", Handle).Allow(Access.Permitted(Permission))
        .WithMetadata(new Answers("What happened: a list, or a stream for Accept: text/event-stream", ("200", typeof(EventPage))));

    private Task Handle(HttpContext http)
    {
        var accepts = http.Request.Headers.Accept.ToString();
        return accepts.Contains(StreamType, StringComparison.OrdinalIgnoreCase) ? Stream(http) : List(http);
    }

    private async Task Stream(HttpContext http)
    {
        QueryParameters.Check(http.Request.Query, "after");
        var scope = authoriser.Scope(http.Caller(), Permission);
        var place = Place(http) ?? await log.Head();
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(http.RequestAborted, lifetime.ApplicationStopping);
        // Asked before the answer begins, so that a place that is too old gets a problem and not a broken stream.
        var bell = log.Next;
        var events = await log.After(place, Batch);

        http.Response.ContentType = StreamType;
        http.Response.Headers.CacheControl = "no-store";
        http.Response.Headers["X-Accel-Buffering"] = "no";
        http.Features.Get<IHttpResponseBodyFeature>()?.DisableBuffering();
        try
        {
            await Send(http, [], stop.Token);
            while (true)
            {
                if (events is [.., var last])
                {
                    if (events.Where(item => scope.Covers(item.Event.ProjectId)).ToList() is { Count: > 0 } visible)
                        await Send(http, visible, stop.Token);
                    place = last.Event.Sequence;
                }
                else if (!await Rings(bell, stop.Token))
                {
                    if (RequestHeaders.BearerToken(http.Request.Headers) is not { } token || await sessions.Find(token) is null)
                        return; // signed out, or the session has ended
                    await Send(http, [], stop.Token);
                    continue;
                }
                bell = log.Next;
                events = await log.After(place, Batch);
            }
        }
        catch (OperationCanceledException)
        {
            http.Abort();
        }
    }

    /// <summary>False when nothing was committed for as long as a heartbeat takes.</summary>
    private async Task<bool> Rings(Task bell, CancellationToken cancel)
    {
        try
        {
            await bell.WaitAsync(Heartbeat, time, cancel);
            return true;
        }
        catch (TimeoutException)
        {
            return false;
        }
    }

    /// <summary>Sends frames, or a comment when there are none: it keeps the connection open and finds out whether anyone is there.</summary>
    private async Task Send(HttpContext http, List<PublishedEvent> events, CancellationToken stop)
    {
        var writer = http.Response.BodyWriter;
        if (events.Count == 0)
            Append(Comment);
        foreach (var item in events)
            Append(item.Frame.Span);
        using var patience = new CancellationTokenSource(Patience, time);
        using var cancel = CancellationTokenSource.CreateLinkedTokenSource(stop, patience.Token);
        var flushed = await writer.FlushAsync(cancel.Token);
        if (flushed.IsCanceled || flushed.IsCompleted)
            throw new OperationCanceledException();

        void Append(ReadOnlySpan<byte> bytes)
        {
            bytes.CopyTo(writer.GetSpan(bytes.Length));
            writer.Advance(bytes.Length);
        }
    }

    private async Task List(HttpContext http)
    {
        var query = http.Request.Query;
        QueryParameters.Check(query, "after", "limit", "cursor", "resourceId");
        var limit = (int)(QueryParameters.Number(query, "limit", 1, LargestLimit) ?? DefaultLimit);
        var scope = authoriser.Scope(http.Caller(), Permission);
        var resource = query.TryGetValue("resourceId", out var text)
            ? Id.TryParse(text.ToString(), null, out var id) ? id : throw HttpProblems.NotAnId("resourceId", text.ToString()).AsException()
            : (Id?)null;
        var place = QueryParameters.Number(query, "cursor", 0, long.MaxValue - LargestLimit) ?? Place(http) ?? await log.Oldest() - 1;
        var found = new List<Event>();
        IReadOnlyList<PublishedEvent> events;
        do
        {
            events = await log.After(place, Batch);
            foreach (var item in events)
            {
                place = item.Event.Sequence;
                if (scope.Covers(item.Event.ProjectId) && (resource is null || item.Event.ResourceId == resource))
                    found.Add(item.Event);
                if (found.Count == limit)
                    break;
            }
        }
        while (events.Count > 0 && found.Count < limit);
        await ApiJson.Write(http.Response, StatusCodes.Status200OK, new EventPage(found, found.Count == limit ? place.ToString(CultureInfo.InvariantCulture) : null));
    }

    /// <summary>After which event the caller wants to go on: Last-Event-ID (which a browser sends by itself when it comes back) or ?after=.</summary>
    private static long? Place(HttpContext http) => http.Request.Headers["Last-Event-ID"] switch
    {
        { Count: 0 } or [""] => QueryParameters.Number(http.Request.Query, "after", 0, long.MaxValue - LargestLimit),
        [{ } header] when long.TryParse(header, NumberStyles.None, CultureInfo.InvariantCulture, out var place) && place < long.MaxValue - LargestLimit => place,
        _ => throw HttpProblems.Header("Last-Event-ID", "Last-Event-ID is the number of the last event that was seen.").AsException(),
    };
}

/// <summary>Some events in order, and where to go on.</summary>
internal sealed record EventPage(IReadOnlyList<Event> Items, [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] string? NextCursor);
