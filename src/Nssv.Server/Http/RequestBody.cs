using System.Buffers;
using System.Text;

namespace Nssv.Server.Http;

/// <summary>Reads bodies that must fit into memory.</summary>
internal static class RequestBody
{
    /// <summary>Bytes of a JSON body at most; of a larger one no more than this is read.</summary>
    public const int Limit = 1024 * 1024;

    public const string Json = "application/json";
    public const string MergePatch = "application/merge-patch+json";

    /// <summary>The whole body; empty when there is none.</summary>
    /// <exception cref="ProblemException">413 body-too-large; 415 unsupported-media-type.</exception>
    public static async Task<ReadOnlyMemory<byte>> Read(HttpRequest request, params string[] types)
    {
        if (request.ContentLength > Limit)
            throw HttpProblems.TooLarge(Limit).AsException();
        if (request.ContentLength is null or 0 && !request.Headers.ContainsKey("Transfer-Encoding") && request.Protocol == "HTTP/1.1")
            return default;
        var read = await request.BodyReader.ReadAsync(request.HttpContext.RequestAborted);
        if (read.IsCompleted && read.Buffer.IsEmpty)
            return default;
        CheckType(request.ContentType, types);
        while (!read.IsCompleted && read.Buffer.Length <= Limit)
        {
            request.BodyReader.AdvanceTo(read.Buffer.Start, read.Buffer.End);
            read = await request.BodyReader.ReadAsync(request.HttpContext.RequestAborted);
        }
        if (read.Buffer.Length > Limit)
            throw HttpProblems.TooLarge(Limit).AsException();
        var body = read.Buffer.ToArray();
        request.BodyReader.AdvanceTo(read.Buffer.End);
        return body;
    }

    private static void CheckType(string? contentType, string[] types)
    {
        var fits = contentType is not null
            && Microsoft.Net.Http.Headers.MediaTypeHeaderValue.TryParse(contentType, out var type)
            && types.Any(wanted => type.MediaType.Equals(wanted, StringComparison.OrdinalIgnoreCase))
            && (type.Charset.Length == 0 || type.Charset.Equals("utf-8", StringComparison.OrdinalIgnoreCase) || type.Charset.Equals("\"utf-8\"", StringComparison.OrdinalIgnoreCase));
        if (!fits)
            throw HttpProblems.ContentType(contentType is { Length: > 80 } ? contentType[..80] : contentType, string.Join(" or ", types)).AsException();
    }

    /// <summary>The body as text for problems: it may not even be UTF-8.</summary>
    public static bool IsUtf8(ReadOnlySpan<byte> body) => System.Text.Unicode.Utf8.IsValid(body);
}
