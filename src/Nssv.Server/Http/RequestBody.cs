using System.Buffers;
using Microsoft.AspNetCore.Http.Features;

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
    public static Task<ReadOnlyMemory<byte>> Read(HttpRequest request, params string[] types) => Read(request, Limit, types);

    /// <summary>The same with another limit, in bytes.</summary>
    public static async Task<ReadOnlyMemory<byte>> Read(HttpRequest request, int limit, params string[] types)
    {
        if (request.HttpContext.Features.Get<IHttpMaxRequestBodySizeFeature>() is { IsReadOnly: false } size)
            size.MaxRequestBodySize = limit;
        if (request.ContentLength > limit)
            throw HttpProblems.TooLarge(limit).AsException();
        if (request.ContentLength is null or 0 && !request.Headers.ContainsKey("Transfer-Encoding") && request.Protocol == "HTTP/1.1")
            return default;
        var reader = request.BodyReader;
        var read = await reader.ReadAsync(request.HttpContext.RequestAborted);
        if (read.IsCompleted && read.Buffer.IsEmpty)
        {
            reader.AdvanceTo(read.Buffer.End);
            return default;
        }
        // A reading must be ended before anything is thrown: the server reads the rest by itself.
        if (!IsOfType(request.ContentType, types))
        {
            reader.AdvanceTo(read.Buffer.End);
            throw HttpProblems.ContentType(request.ContentType is { Length: > 80 } shown ? shown[..80] : request.ContentType, string.Join(" or ", types)).AsException();
        }
        while (!read.IsCompleted && read.Buffer.Length <= limit)
        {
            reader.AdvanceTo(read.Buffer.Start, read.Buffer.End);
            read = await reader.ReadAsync(request.HttpContext.RequestAborted);
        }
        if (read.Buffer.Length > limit)
        {
            reader.AdvanceTo(read.Buffer.End);
            throw HttpProblems.TooLarge(limit).AsException();
        }
        var body = read.Buffer.ToArray();
        reader.AdvanceTo(read.Buffer.End);
        return body;
    }

    private static bool IsOfType(string? contentType, string[] types) =>
        contentType is not null
        && Microsoft.Net.Http.Headers.MediaTypeHeaderValue.TryParse(contentType, out var type)
        && types.Any(wanted => type.MediaType.Equals(wanted, StringComparison.OrdinalIgnoreCase))
        && (type.Charset.Length == 0 || type.Charset.ToString().Trim('"').Equals("utf-8", StringComparison.OrdinalIgnoreCase));

    public static bool IsUtf8(ReadOnlySpan<byte> body) => System.Text.Unicode.Utf8.IsValid(body);
}
