using System.Net.Http.Headers;
using System.Net.WebSockets;
using System.Text.Json.Nodes;
using Nssv.Client.Operations;
using Nssv.Client.Problems;
using Nssv.Client.Transport;

namespace Nssv.Client;

public sealed partial class ApiClient
{
    /// <summary>Sends an image's content as it is read; never in memory as a whole. Gives the operation that takes it in.</summary>
    /// <param name="imageId">The image that waits for its content.</param>
    /// <param name="content">The bytes; a stream that can seek is sent again from its start after a passing fault.</param>
    /// <param name="sent">Told how many bytes are on their way so far.</param>
    /// <param name="cancellation">Stops the upload.</param>
    public async Task<OperationSnapshot> UploadImage(string imageId, Stream content, Action<long>? sent = null, CancellationToken cancellation = default)
    {
        for (var attempt = 1; ; attempt++)
        {
            try
            {
                return await UploadOnce(imageId, content, sent, renew: attempt > 1, cancellation);
            }
            catch (Exception fault) when (content.CanSeek && attempt < connection.Retry.Attempts && (IsOutage(fault) || fault is ApiProblemException { Problem.Status: 401 }))
            {
                content.Position = 0;
            }

            await Task.Delay(connection.Retry.DelayAfter(attempt), connection.Time, cancellation);
        }
    }

    /// <summary>Opens the serial console of a virtual machine: binary frames both ways.</summary>
    public async Task<WebSocket> OpenConsole(string virtualMachineId, CancellationToken cancellation = default)
    {
        var address = new UriBuilder(connection.Server)
        {
            Scheme = connection.Server.Scheme == Uri.UriSchemeHttps ? "wss" : "ws",
            Path = $"{Root}/virtual-machines/{Uri.EscapeDataString(virtualMachineId)}/console",
        }.Uri;
        var socket = new ClientWebSocket();
        try
        {
            socket.Options.RemoteCertificateValidationCallback = connection.Trust.Accepts;
            socket.Options.CollectHttpResponseDetails = true;
            if (await connection.Token(false, cancellation) is { } token)
            {
                socket.Options.SetRequestHeader("Authorization", $"Bearer {token}");
            }

            await socket.ConnectAsync(address, cancellation);
            return socket;
        }
        catch (WebSocketException fault)
        {
            var status = socket.HttpStatusCode;
            socket.Dispose();
            throw await ConsoleRefused(virtualMachineId, status, fault, cancellation);
        }
    }

    // A refused upgrade hides its body from the web socket; the same request, sent as any other, gives the problem. It asks for the upgrade too:
    // without, the server would say that one is needed, before it looks whether the host can be reached.
    private async Task<Exception> ConsoleRefused(string virtualMachineId, System.Net.HttpStatusCode status, WebSocketException fault, CancellationToken cancellation)
    {
        if (status == 0)
        {
            return new HttpRequestException(HttpRequestError.ConnectionError, fault.InnerException?.Message ?? fault.Message, fault);
        }

        using var message = Message(new ApiRequest(HttpMethod.Get, $"{Root}/virtual-machines/{Uri.EscapeDataString(virtualMachineId)}/console"), await connection.Token(false, cancellation));
        message.Headers.Connection.Add("Upgrade");
        message.Headers.Upgrade.Add(new ProductHeaderValue("websocket"));
        message.Headers.Add("Sec-WebSocket-Version", "13");
        message.Headers.Add("Sec-WebSocket-Key", Convert.ToBase64String(Guid.NewGuid().ToByteArray()));
        using var limit = new CancellationTokenSource(connection.AnswerTimeout, connection.Time);
        using var both = CancellationTokenSource.CreateLinkedTokenSource(cancellation, limit.Token);
        try
        {
            using var response = await http.SendAsync(message, HttpCompletionOption.ResponseHeadersRead, both.Token);
            if (response.StatusCode == status)
            {
                return new ApiProblemException(ProblemReader.FromBody(status, await response.Content.ReadAsStringAsync(both.Token)), fault);
            }
        }
        catch (Exception lost) when (lost is HttpRequestException or IOException || lost is OperationCanceledException && !cancellation.IsCancellationRequested)
        {
            // What is known is the status of the first answer.
        }

        return new ApiProblemException(ProblemReader.FromBody(status, "") with { Advice = "Try again." }, fault);
    }

    private async Task<OperationSnapshot> UploadOnce(string imageId, Stream content, Action<long>? sent, bool renew, CancellationToken cancellation)
    {
        using var message = Message(new ApiRequest(HttpMethod.Put, $"{Root}/images/{Uri.EscapeDataString(imageId)}/content"), await connection.Token(renew, cancellation));
        message.Headers.ExpectContinue = true;
        message.Content = new StreamContent(new CountingStream(content, sent), bufferSize: 256 * 1024);
        message.Content.Headers.ContentType = new MediaTypeHeaderValue("application/octet-stream");
        message.Content.Headers.ContentLength = content.CanSeek ? content.Length - content.Position : null;
        using var response = await http.SendAsync(message, HttpCompletionOption.ResponseHeadersRead, cancellation);
        var body = await response.Content.ReadAsStringAsync(cancellation);
        return response.IsSuccessStatusCode && JsonNode.Parse(body) is JsonObject operation
            ? OperationSnapshot.FromJson(operation)
            : throw new ApiProblemException(ProblemReader.FromBody(response.StatusCode, body));
    }
}
