using Nssv.Contracts.Agent;
using Nssv.Kernel;

namespace Nssv.Contracts.Images;

/// <summary>What can be said about an image's source before anybody looks at it; what it really is the host's agent checks. Pure.</summary>
public static class ImageRules
{
    private const int LongestUrl = 2_048;
    private const int LongestFile = 1_000;
    private const string ChecksumPrefix = "sha256:";
    private const int ChecksumDigits = 64;

    public static IEnumerable<FieldError> Source(string field, ImageSource? source)
    {
        var given = (source?.Upload == true ? 1 : 0) + (source?.Url is null ? 0 : 1) + (source?.File is null ? 0 : 1);
        if (given != 1)
            return [new(field, "source-not-one", $"Give exactly one of {field}.upload, {field}.url and {field}.file; {given} are given.")];
        return source!.Url is { } url ? Url($"{field}.url", url) : source.File is { } file ? File($"{field}.file", file) : [];
    }

    public static IEnumerable<FieldError> Checksum(string field, string? checksum) =>
        checksum is null || checksum.Length == ChecksumPrefix.Length + ChecksumDigits
            && checksum.StartsWith(ChecksumPrefix, StringComparison.Ordinal) && checksum[ChecksumPrefix.Length..].All(char.IsAsciiHexDigitLower)
            ? []
            : [new(field, "checksum-invalid", $"A checksum is \"{ChecksumPrefix}\" and {ChecksumDigits} hex digits in lower case.")];

    private static IEnumerable<FieldError> Url(string field, string url)
    {
        if (url.Length > LongestUrl)
            return [new(field, "url-too-long", $"A URL has at most {LongestUrl} characters.")];
        if (url.Any(c => char.IsControl(c) || char.IsWhiteSpace(c)) || !Uri.TryCreate(url, UriKind.Absolute, out var uri))
            return [new(field, "url-invalid", "This is no absolute URL.")];
        if (uri.Scheme != Uri.UriSchemeHttp && uri.Scheme != Uri.UriSchemeHttps)
            return [new(field, "url-scheme", "Images are fetched by http or https only.")];
        if (uri.Host.Length == 0)
            return [new(field, "url-invalid", "This URL names no server.")];
        return uri.UserInfo.Length > 0 ? [new(field, "url-credentials", "A URL with a name or password in it would be kept and shown; use one without.")] : [];
    }

    private static IEnumerable<FieldError> File(string field, string file) =>
        file.Length is 0 or > LongestFile ? [new(field, "file-length", $"A file's path has 1 to {LongestFile} characters.")]
        : file.Any(char.IsControl) ? [new(field, "file-not-printable", "A file's path has no control characters.")]
        : file[0] != '/' || file.Split('/').Skip(1).Any(part => part is "" or "." or "..") ? [new(field, "file-not-absolute", "A file's path is absolute, without '.', '..' or empty parts.")]
        : [];
}
