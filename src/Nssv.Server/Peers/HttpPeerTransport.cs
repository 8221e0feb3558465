using System.Net;
using System.Text.Json;
using Nssv.Kernel.Peers;

namespace Nssv.Server.Peers;

/// <summary>Messages to the other management nodes over HTTP/2. How long calls took is kept for who asks how a peer is.</summary>
internal sealed class HttpPeerTransport(PeerClient clients, PeerTimes times, TimeProvider time) : IPeerTransport
{
    private const int LargestAnswer = 32 * 1024 * 1024;

    public async Task<PeerReply> Send(PeerAddress peer, PeerRequest request, CancellationToken cancel)
    {
        var begun = time.GetTimestamp();
        using var body = new PeerBody(JsonSerializer.SerializeToUtf8Bytes(request, KernelJson.Options));
        using var message = Message(peer);
        message.Content = body;
        try
        {
            using var answer = await clients.Of(peer.MemberId).SendAsync(message, cancel);
            await answer.Content.LoadIntoBufferAsync(LargestAnswer, cancel);
            if (!answer.IsSuccessStatusCode)
            {
                // What is refused before it is read has changed nothing.
                throw new PeerUnreachableException($"Management node {peer.MemberId} answered with status {(int)answer.StatusCode}.", sent: answer.StatusCode >= HttpStatusCode.InternalServerError);
            }

            var reply = await JsonSerializer.DeserializeAsync<PeerReply>(await answer.Content.ReadAsStreamAsync(cancel), KernelJson.Options, cancel)
                ?? throw new JsonException("The answer is empty.");
            if (request is not PeerBell)
                times.Answered(peer.MemberId, time.GetElapsedTime(begun));
            return reply;
        }
        catch (Exception e) when (e is HttpRequestException or IOException or OperationCanceledException or ObjectDisposedException or JsonException)
        {
            throw new PeerUnreachableException($"Management node {peer.MemberId} does not answer: {e.Message}", body.Begun, e);
        }
    }

    private static HttpRequestMessage Message(PeerAddress peer) =>
        new(HttpMethod.Post, new Uri(new Uri(peer.Url), PeerEndpoints.Messages)) { Version = HttpVersion.Version20, VersionPolicy = HttpVersionPolicy.RequestVersionExact };
}
