using Nssv.Kernel;

namespace Nssv.Contracts.Storage;

/// <summary>Rules for a directory of the hosts that an administrator names as a storage; the host's agent checks again what is really there. Pure.</summary>
public static class StoragePath
{
    private const int Longest = 1000;

    /// <summary>Nothing at or below these.</summary>
    private static readonly string[] Never = ["/dev", "/proc", "/sys", "/etc", "/boot", "/bin", "/sbin", "/usr", "/lib", "/lib32", "/lib64", "/libx32"];

    /// <summary>Not these themselves; a directory below them is well.</summary>
    private static readonly string[] NotItself = ["/", "/root", "/run", "/var", "/var/lib", "/home", "/tmp", "/opt", "/srv", "/mnt", "/media"];

    /// <summary>Absolute and in one form: no '.', '..' or empty parts, no trailing slash, no control characters, no system directory.</summary>
    public static IEnumerable<FieldError> Check(string field, string? path) =>
        string.IsNullOrEmpty(path) ? [new(field, "path-empty", "The path of the directory is missing.")]
        : path.Length > Longest ? [new(field, "path-too-long", $"A path has at most {Longest} characters.")]
        : path.Any(c => char.IsControl(c) || char.IsSurrogate(c)) ? [new(field, "path-not-printable", "A path has printable characters only.")]
        : path[0] != '/' ? [new(field, "path-not-absolute", "A path begins with '/'.")]
        : NotItself.Contains(path) || Never.Any(never => path == never || Holds(never, path)) ? [new(field, "path-of-system", $"{path} belongs to the operating system.")]
        : path.Split('/').Skip(1).Any(part => part is "" or "." or "..") ? [new(field, "path-not-normal", "A path has no '.', '..' or empty parts and does not end with '/'.")]
        : [];

    /// <summary>One of the two lies within the other, or they are the same.</summary>
    public static bool Overlap(string a, string b) => a == b || Holds(a, b) || Holds(b, a);

    private static bool Holds(string directory, string path) =>
        path.Length > directory.Length && path[directory.Length] == '/' && path.StartsWith(directory, StringComparison.Ordinal);
}
