using System.Net;
using System.Net.Http.Headers;

namespace Nssv.Server.Peers;

/// <summary>A message's JSON, which remembers whether any of it was sent: whoever has not seen the body cannot have acted on it.</summary>
internal sealed class PeerBody : HttpContent
{
    private readonly byte[] _json;

    public PeerBody(byte[] json)
    {
        _json = json;
        Headers.ContentType = new MediaTypeHeaderValue("application/json");
    }

    /// <summary>Some of it may have arrived.</summary>
    public bool Begun { get; private set; }

    protected override async Task SerializeToStreamAsync(Stream stream, TransportContext? context)
    {
        Begun = true;
        await stream.WriteAsync(_json);
    }

    protected override async Task SerializeToStreamAsync(Stream stream, TransportContext? context, CancellationToken cancellationToken)
    {
        Begun = true;
        await stream.WriteAsync(_json, cancellationToken);
    }

    protected override bool TryComputeLength(out long length)
    {
        length = _json.Length;
        return true;
    }
}
