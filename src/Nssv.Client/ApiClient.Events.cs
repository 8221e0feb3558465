using System.Net.Http.Headers;
using System.Runtime.CompilerServices;
using Nssv.Client.Events;
using Nssv.Client.Problems;

namespace Nssv.Client;

public sealed partial class ApiClient
{
    /// <summary>Opens the stream of events after <paramref name="lastEventId"/>, or from now on. Ends when the connection does: <see cref="FollowEvents"/> reconnects.</summary>
    public Task<EventStream> OpenEvents(string? lastEventId, CancellationToken cancellation = default) => OpenStream($"{Root}/events", lastEventId, cancellation);

    private async Task<EventStream> OpenStream(string path, string? lastEventId, CancellationToken cancellation)
    {
        var response = await SendStream(path, lastEventId, renew: false, cancellation);
        if (response.StatusCode == System.Net.HttpStatusCode.Unauthorized)
        {
            response.Dispose();
            response = await SendStream(path, lastEventId, renew: true, cancellation);
        }

        if (response.IsSuccessStatusCode && response.Content.Headers.ContentType?.MediaType == "text/event-stream")
        {
            return new EventStream(response, await response.Content.ReadAsStreamAsync(cancellation));
        }

        using (response)
        {
            throw new ApiProblemException(ProblemReader.FromBody(response.StatusCode, await response.Content.ReadAsStringAsync(cancellation)));
        }
    }

    /// <summary>Events without an end: a broken connection is opened again after the last event seen, so none is missed and none comes twice.</summary>
    public IAsyncEnumerable<PlatformEvent> FollowEvents(string? lastEventId, CancellationToken cancellation = default) => FollowEvents(lastEventId, filter: null, cancellation);

    /// <summary>The same of those events that meet a filter on their own fields, for example <c>resourceType = host AND type = "*.updated"</c>.</summary>
    public async IAsyncEnumerable<PlatformEvent> FollowEvents(string? lastEventId, string? filter, [EnumeratorCancellation] CancellationToken cancellation = default)
    {
        var path = $"{Root}/events{new ListQuery(filter).ToQueryString(pageSize: null, cursor: null)}";
        var failures = 0;
        while (true)
        {
            EventStream? stream = null;
            try
            {
                stream = await OpenStream(path, lastEventId, cancellation);
            }
            catch (Exception fault) when (IsOutage(fault) && ++failures < connection.Retry.Attempts * 4)
            {
                // The manager is away for a moment.
            }

            if (stream is not null)
            {
                using (stream)
                {
                    await foreach (var item in stream.Read(cancellation))
                    {
                        failures = 0;
                        lastEventId = item.Id ?? lastEventId;
                        yield return item;
                    }

                    lastEventId = stream.LastEventId ?? lastEventId;
                }
            }

            await Task.Delay(connection.Retry.DelayAfter(Math.Max(1, Math.Min(failures, 8))), connection.Time, cancellation);
        }
    }

    internal static bool IsOutage(Exception fault) => fault switch
    {
        HttpRequestException http => Transport.RetryPolicy.IsTransient(http),
        TimeoutException or IOException => true,
        ApiProblemException { Problem.Status: var status } => Transport.RetryPolicy.IsTransient((System.Net.HttpStatusCode)status),
        _ => false,
    };

    private async Task<HttpResponseMessage> SendStream(string path, string? lastEventId, bool renew, CancellationToken cancellation)
    {
        using var message = Message(new ApiRequest(HttpMethod.Get, path), await connection.Token(renew, cancellation));
        message.Headers.Accept.Clear();
        message.Headers.Accept.Add(new MediaTypeWithQualityHeaderValue("text/event-stream"));
        if (lastEventId is not null)
        {
            message.Headers.TryAddWithoutValidation("Last-Event-ID", lastEventId);
        }

        return await http.SendAsync(message, HttpCompletionOption.ResponseHeadersRead, cancellation);
    }
}
