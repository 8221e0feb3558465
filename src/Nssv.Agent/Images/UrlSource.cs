using System.Net;
using System.Net.Sockets;

namespace Nssv.Agent.Images;

/// <summary>Opens an image by URL: judged addresses only, every redirect judged anew, bytes as the server sends them (no decompression), no proxy, no cookies.</summary>
internal sealed class UrlSource(UrlGuard guard, TimeSpan connectLimit)
{
    private const int RedirectLimit = 5;

    public async Task<(Stream Content, long? Length, IDisposable Owner)> Open(string url, CancellationToken cancel)
    {
        var client = Client();
        try
        {
            var uri = UrlGuard.Check(url);
            for (var hop = 0; hop <= RedirectLimit; hop++)
            {
                // Judged here too, so that a refusal is a refusal and not a connection failure.
                await guard.Resolve(uri.Host, cancel).ConfigureAwait(false);
                using var request = new HttpRequestMessage(HttpMethod.Get, uri);
                request.Headers.UserAgent.ParseAdd("nssv-agent");
                request.Headers.AcceptEncoding.ParseAdd("identity");
                var response = await client.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, cancel).ConfigureAwait(false);
                if (response.StatusCode is HttpStatusCode.OK)
                    return (await response.Content.ReadAsStreamAsync(cancel).ConfigureAwait(false), response.Content.Headers.ContentLength, new Owned(response, client));
                var location = response.Headers.Location;
                var status = (int)response.StatusCode;
                response.Dispose();
                if (status is not (301 or 302 or 303 or 307 or 308) || location is null)
                    throw ImageProblems.Fetch($"{uri.Host} answered {status}.").AsException();
                var next = UrlGuard.Check(new Uri(uri, location).AbsoluteUri);
                if (uri.Scheme == "https" && next.Scheme == "http")
                    throw ImageProblems.Url("An https URL redirects to http.", "Use the final https URL.").AsException();
                uri = next;
            }

            throw ImageProblems.Fetch($"More than {RedirectLimit} redirects.").AsException();
        }
        catch (HttpRequestException e)
        {
            client.Dispose();
            throw new Kernel.ProblemException((e.InnerException as Kernel.ProblemException)?.Problem ?? ImageProblems.Fetch(e.InnerException?.Message ?? e.Message), e);
        }
        catch
        {
            client.Dispose();
            throw;
        }
    }

    private HttpClient Client() => new(new SocketsHttpHandler
    {
        AllowAutoRedirect = false,
        AutomaticDecompression = DecompressionMethods.None,
        UseProxy = false,
        UseCookies = false,
        ConnectTimeout = connectLimit,
        ResponseDrainTimeout = TimeSpan.Zero,
        ConnectCallback = Connect,
    })
    { Timeout = Timeout.InfiniteTimeSpan };

    /// <summary>Resolves and judges again, and connects to exactly what was judged.</summary>
    private async ValueTask<Stream> Connect(SocketsHttpConnectionContext context, CancellationToken cancel)
    {
        var addresses = await guard.Resolve(context.DnsEndPoint.Host, cancel).ConfigureAwait(false);
        var socket = new Socket(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        try
        {
            await socket.ConnectAsync([.. addresses], context.DnsEndPoint.Port, cancel).ConfigureAwait(false);
            return new NetworkStream(socket, ownsSocket: true);
        }
        catch
        {
            socket.Dispose();
            throw;
        }
    }

    private sealed class Owned(params IDisposable[] parts) : IDisposable
    {
        public void Dispose()
        {
            foreach (var part in parts)
                part.Dispose();
        }
    }
}
