namespace Nssv.Kernel.Peers;

/// <summary>The wire to the other management nodes. JSON is really made on both sides, also in a simulation.</summary>
public interface IPeerTransport
{
    /// <exception cref="PeerUnreachableException">No answer.</exception>
    Task<PeerReply> Send(PeerAddress peer, PeerRequest request, CancellationToken cancel);
}

/// <summary>Another management node does not answer.</summary>
/// <param name="sent">The request may have arrived; false: it certainly has not.</param>
public sealed class PeerUnreachableException(string detail, bool sent, Exception? inner = null) : Exception(detail, inner)
{
    public bool Sent { get; } = sent;
}

/// <summary>For a node that is alone.</summary>
internal sealed class NoPeers : IPeerTransport
{
    public Task<PeerReply> Send(PeerAddress peer, PeerRequest request, CancellationToken cancel) => throw new PeerUnreachableException("This node has no peers.", sent: false);
}
