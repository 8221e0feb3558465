using System.Net;
using System.Net.Sockets;
using Nssv.Kernel;

namespace Nssv.Contracts.Inventory;

/// <summary>What the fields of a host must be, when it is added and when it is changed. Pure.</summary>
public static class HostRules
{
    public const long DefaultReservedMemoryBytes = 512L << 20;
    public const double DefaultCpuOvercommitRatio = 4;

    /// <summary>More would starve every guest.</summary>
    public const double MaxCpuOvercommitRatio = 64;

    /// <summary>64 TiB: more than any host has.</summary>
    public const long MaxReservedMemoryBytes = 64L << 40;

    private const int LongestUrl = 300;

    /// <summary>A DNS name (RFC 1123), an IPv4 address of four parts, or an IPv6 address; no scheme, no port, no brackets.</summary>
    public static IEnumerable<FieldError> Address(string field, string? address)
    {
        if (string.IsNullOrEmpty(address))
            return [new(field, "address-empty", "The name or address under which the manager reaches the host is missing.")];
        if (IsAddress(address))
            return [];
        return [new(field, "address-invalid", "An address is a DNS name, an IPv4 or an IPv6 address, without scheme, port or brackets.")];
    }

    public static IEnumerable<FieldError> ReservedMemory(string field, long bytes) =>
        bytes is < 0 or > MaxReservedMemoryBytes ? [new(field, "out-of-range", $"{field} is between 0 and 64 TiB; it is {bytes} bytes.")] : [];

    public static IEnumerable<FieldError> CpuOvercommit(string field, double ratio) =>
        ratio is >= 1 and <= MaxCpuOvercommitRatio ? [] : [new(field, "out-of-range", FormattableString.Invariant($"{field} is between 1 and {MaxCpuOvercommitRatio}; it is {ratio}."))];

    /// <summary>Where an agent says that it listens: https, a host and nothing else.</summary>
    public static bool IsAgentUrl(string url) =>
        url.Length <= LongestUrl && Uri.TryCreate(url, UriKind.Absolute, out var uri) && uri.Scheme == Uri.UriSchemeHttps
        && uri.UserInfo.Length == 0 && uri.AbsolutePath == "/" && uri.Query.Length == 0 && uri.Fragment.Length == 0 && IsAddress(uri.IdnHost.Trim('[', ']'));

    private static bool IsAddress(string text)
    {
        if (text.Contains(':'))
            return !text.Contains('%') && !text.StartsWith('[') && IPAddress.TryParse(text, out var six) && six.AddressFamily == AddressFamily.InterNetworkV6;
        if (text.Length > 253)
            return false;
        var labels = text.Split('.');
        if (labels.All(label => label.Length > 0 && label.All(char.IsAsciiDigit)))
            return labels.Length == 4 && labels.All(label => label.Length <= 3 && (label.Length == 1 || label[0] != '0') && int.Parse(label, System.Globalization.CultureInfo.InvariantCulture) <= 255);
        return labels.All(label => label.Length is > 0 and <= 63 && label[0] != '-' && label[^1] != '-' && label.All(c => char.IsAsciiLetterOrDigit(c) || c == '-'));
    }
}
