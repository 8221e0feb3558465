using Nssv.Contracts.Agent;

namespace Nssv.Services.Images.Images;

/// <summary>
/// A URL in two parts: what an operation may keep, and the query, in which signatures and tokens are. A fragment is never sent to a server (RFC 3986, 3.5)
/// and is dropped. Pure.
/// </summary>
internal static class SourceUrl
{
    public static (ImageSource Source, string? Query) Split(ImageSource source)
    {
        if (source.Url is not { } url)
            return (source, null);
        var sent = url.Split('#')[0];
        var query = sent.IndexOf('?', StringComparison.Ordinal);
        return query < 0 ? (source with { Url = sent }, null) : (source with { Url = sent[..query] }, sent[query..]);
    }

    public static ImageSource Join(ImageSource source, string? query) => source.Url is { } url ? source with { Url = url + query } : source;
}
