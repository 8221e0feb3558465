namespace Nssv.Cli.Commands.Image;

/// <summary>What the name of a file or the end of an address tells.</summary>
internal static class ImageOrigin
{
    /// <summary>The file's name without its extension.</summary>
    public static string Name(string origin)
    {
        var file = FileName(origin);
        return Format(origin) is null ? file : Path.GetFileNameWithoutExtension(file);
    }

    /// <summary>The format that the extension means; null for one that could be anything.</summary>
    public static string? Format(string origin) => Path.GetExtension(FileName(origin)).ToUpperInvariant() switch
    {
        ".QCOW2" => "qcow2",
        ".RAW" => "raw",
        ".ISO" => "iso",
        _ => null,
    };

    private static string FileName(string origin) =>
        Uri.TryCreate(origin, UriKind.Absolute, out var address) && !address.IsFile ? Path.GetFileName(Uri.UnescapeDataString(address.AbsolutePath)) : Path.GetFileName(origin);
}
