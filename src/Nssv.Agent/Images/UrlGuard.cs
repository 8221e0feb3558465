using System.Net;
using System.Net.Sockets;

namespace Nssv.Agent.Images;

/// <summary>
/// Decides which URLs the host may fetch for somebody. Names are resolved first and the connection goes to an address that was judged, so that a name
/// cannot mean one thing when it is checked and another when it is used.
/// </summary>
internal sealed class UrlGuard(IReadOnlyList<string> allowedNetworks)
{
    // Special-purpose address registries (RFC 6890 and its updates); everything that is not a global unicast address.
    private static readonly IPNetwork[] Refused =
    [
        .. ((string[])["0.0.0.0/8", "10.0.0.0/8", "100.64.0.0/10", "127.0.0.0/8", "169.254.0.0/16", "172.16.0.0/12", "192.0.0.0/24", "192.0.2.0/24", "192.88.99.0/24", "192.168.0.0/16",
            "198.18.0.0/15", "198.51.100.0/24", "203.0.113.0/24", "224.0.0.0/4", "240.0.0.0/4",
            "::/128", "::1/128", "64:ff9b:1::/48", "100::/64", "2001::/23", "2001:db8::/32", "2002::/16", "fc00::/7", "fe80::/10", "fec0::/10", "ff00::/8"]).Select(n => IPNetwork.Parse(n)),
    ];

    private static readonly IPNetwork Nat64 = IPNetwork.Parse("64:ff9b::/96"), Compatible = IPNetwork.Parse("::/96");

    private readonly IPNetwork[] _allowed = [.. allowedNetworks.Select(n => n.Contains('/', StringComparison.Ordinal) ? IPNetwork.Parse(n) : new IPNetwork(IPAddress.Parse(n), IPAddress.Parse(n).AddressFamily is AddressFamily.InterNetwork ? 32 : 128))];

    /// <summary>Scheme, credentials, form. Throws "image-url-refused".</summary>
    public static Uri Check(string url)
    {
        if (url.Length > 4000 || url.Any(char.IsControl) || !Uri.TryCreate(url, UriKind.Absolute, out var uri))
            throw ImageProblems.Url("It is not a URL.").AsException();
        if (uri.Scheme is not ("http" or "https"))
            throw ImageProblems.Url($"Scheme '{uri.Scheme}' is not fetched.").AsException();
        if (uri.UserInfo.Length > 0)
            throw ImageProblems.Url("It carries a user name or password.", "Credentials in a URL end up in logs; use a URL without them.").AsException();
        return uri.Host.Length == 0 ? throw ImageProblems.Url("It names no server.").AsException() : uri;
    }

    public bool Allows(IPAddress address)
    {
        if (_allowed.Any(n => n.Contains(address)))
            return true;
        if (address.IsIPv4MappedToIPv6)
            return Allows(address.MapToIPv4());
        if (address.AddressFamily is AddressFamily.InterNetworkV6 && (Nat64.Contains(address) || Compatible.Contains(address)) && Embedded(address) is { } inner)
            return Allows(inner);
        return !Refused.Any(n => n.Contains(address));
    }

    /// <summary>Resolves the name and keeps what may be spoken to; one refused address refuses the name, since the name would then choose.</summary>
    public async Task<IReadOnlyList<IPAddress>> Resolve(string host, CancellationToken cancel)
    {
        IPAddress[] addresses;
        try
        {
            addresses = IPAddress.TryParse(host.Trim('[', ']'), out var literal) ? [literal] : await Dns.GetHostAddressesAsync(host, cancel).ConfigureAwait(false);
        }
        catch (SocketException e)
        {
            throw ImageProblems.Fetch($"'{host}' has no address: {e.Message}").AsException();
        }

        return addresses.FirstOrDefault(a => !Allows(a)) is { } refused
            ? throw ImageProblems.Url($"'{host}' is {refused}: loopback, link-local, private and reserved addresses are not fetched.", "Ask the administrator of the host to allow the network: importNetworks in agent/agent.json of its NSSV_HOME, then restart the agent.").AsException()
            : addresses;
    }

    private static IPAddress? Embedded(IPAddress address)
    {
        var bytes = address.GetAddressBytes();
        return bytes.AsSpan(0, 12).ContainsAnyExcept((byte)0) || bytes.AsSpan(12).ContainsAnyExcept((byte)0) && bytes[12] != 0 ? new IPAddress(bytes.AsSpan(12)) : null;
    }
}
