using System.Globalization;
using System.Text;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.AspNetCore.Server.Kestrel.Core.Features;
using Nssv.Server.Http;

namespace Nssv.Server.Events;

/// <summary>An answer that is a stream of server-sent events (WHATWG HTML, 9.2), sent to a reader who may be slow or gone.</summary>
internal sealed class EventResponse(HttpContext http, TimeProvider time)
{
    public const string ContentType = "text/event-stream";

    /// <summary>How often something is sent when nothing happens: it keeps the connection open and finds out whether anyone is there.</summary>
    public static readonly TimeSpan Heartbeat = TimeSpan.FromSeconds(15);

    /// <summary>A reader that does not take what it is sent for so long is cut off; it comes back with Last-Event-ID and has missed nothing.</summary>
    public static readonly TimeSpan Patience = TimeSpan.FromSeconds(20);

    private const long LargestPlace = long.MaxValue - 1_000;

    /// <summary>What was appended and not sent.</summary>
    public int Pending { get; private set; }

    /// <summary>It has not taken what it was sent for <see cref="Patience"/>.</summary>
    public bool ReaderIsTooSlow { get; private set; }

    /// <summary>After which event the caller wants to go on: Last-Event-ID (which a browser sends by itself when it comes back) or ?after=.</summary>
    /// <exception cref="ProblemException">400: it is no number.</exception>
    public static long? Place(HttpContext http) => http.Request.Headers["Last-Event-ID"] switch
    {
        { Count: 0 } or [""] => QueryParameters.Number(http.Request.Query, "after", 0, LargestPlace),
        [{ } header] when long.TryParse(header, NumberStyles.None, CultureInfo.InvariantCulture, out var place) && place < LargestPlace => place,
        _ => throw HttpProblems.Header("Last-Event-ID", "Last-Event-ID is the number of the last event that was seen.").AsException(),
    };

    public void Begin()
    {
        http.Response.ContentType = ContentType;
        http.Response.Headers.CacheControl = "no-store";
        http.Response.Headers["X-Accel-Buffering"] = "no";
        http.Features.Get<IHttpResponseBodyFeature>()?.DisableBuffering();
        // How long a reader may take nothing is decided, and counted, here.
        if (http.Features.Get<IHttpMinResponseDataRateFeature>() is { } rate)
            rate.MinDataRate = null;
    }

    public void Append(ReadOnlySpan<byte> bytes)
    {
        bytes.CopyTo(http.Response.BodyWriter.GetSpan(bytes.Length));
        http.Response.BodyWriter.Advance(bytes.Length);
        Pending += bytes.Length;
    }

    /// <summary>A comment; with a place, an event that only says from which number the reader goes on. (A number without an event would do by the standard, but not for every client.)</summary>
    public void AppendHeartbeat(long? place = null) =>
        Append(place is null ? ":\n\n"u8 : Encoding.ASCII.GetBytes(string.Create(CultureInfo.InvariantCulture, $"id: {place}\nevent: place\ndata: {{\"type\":\"place\",\"sequence\":{place}}}\n\n")));

    /// <exception cref="OperationCanceledException">Nobody takes it, or the node ends.</exception>
    public async Task Flush(CancellationToken stop)
    {
        Pending = 0;
        using var patience = new CancellationTokenSource(Patience, time);
        using var cancel = CancellationTokenSource.CreateLinkedTokenSource(stop, patience.Token);
        try
        {
            var flushed = await http.Response.BodyWriter.FlushAsync(cancel.Token);
            if (flushed.IsCanceled || flushed.IsCompleted)
                throw new OperationCanceledException();
        }
        finally
        {
            // Kestrel aborts the request when a flush is cancelled, so the request does not tell the one from the other.
            ReaderIsTooSlow |= patience.IsCancellationRequested;
        }

        if (ReaderIsTooSlow)
            throw new OperationCanceledException();
    }
}
