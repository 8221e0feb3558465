using System.Text.Json;
using Nssv.Kernel;
using Nssv.Kernel.Peers;
using Nssv.Simulator;

namespace Nssv.Simulation.Tests.World;

/// <summary>The wire between managers: JSON, on the same lossy link as everything else.</summary>
internal sealed class PeerWire(WorldLink link, Func<string, PeerInbox?> inboxOf, string from) : IPeerTransport
{
    public async Task<PeerReply> Send(PeerAddress peer, PeerRequest request, CancellationToken cancel)
    {
        var body = JsonSerializer.SerializeToUtf8Bytes(request, KernelJson.Options);
        try
        {
            var answer = await link.Carry(new SimulatedMessage(from, peer.Url, request is PeerBell ? "bell" : "peer", body), async () =>
            {
                var inbox = inboxOf(peer.Url) ?? throw new LinkBrokenException($"Nobody answers at {peer.Url}");
                return JsonSerializer.SerializeToUtf8Bytes(await inbox.Take(JsonSerializer.Deserialize<PeerRequest>(body, KernelJson.Options)!), KernelJson.Options);
            }, cancel);
            return JsonSerializer.Deserialize<PeerReply>(answer, KernelJson.Options)!;
        }
        catch (Exception e) when (e is LinkBrokenException or OperationCanceledException)
        {
            throw new PeerUnreachableException(e.Message, sent: true, e);
        }
    }
}
