using System.Net;
using System.Net.NetworkInformation;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace Nssv.Server.Certificates;

/// <summary>The certificates in the manager's folder: the authority, the manager's identity, and the one for people's browsers.</summary>
/// <param name="folder">NSSV_HOME/manager.</param>
public sealed class CertificateFiles(string folder)
{
    private static readonly TimeSpan RenewBefore = TimeSpan.FromDays(60);

    public string AuthorityKey => Path.Combine(folder, "ca.pfx");
    public string Authority => Path.Combine(folder, "ca.crt");
    public string Manager => Path.Combine(folder, "manager.pfx");
    public string Server => Path.Combine(folder, "server.pfx");

    /// <summary>Makes what is missing; what is there stays, so that it may run again.</summary>
    public void Create(Id platformId, Id managerId, IReadOnlyList<string> names, TimeProvider time)
    {
        if (!File.Exists(AuthorityKey))
        {
            using var created = CertificateAuthority.Create(platformId, time);
            PrivateFile.Write(AuthorityKey, created.Export(X509ContentType.Pkcs12));
        }
        using var authority = OpenAuthority(platformId, time);
        File.WriteAllText(Authority, authority.Pem);
        if (!File.Exists(Manager))
            Save(Manager, authority.IssueManager(managerId, names));
        if (!File.Exists(Server))
            Save(Server, authority.IssueServer(names));
    }

    /// <summary>Replaces the platform's own certificates that end within 60 days; an administrator's own is left alone.</summary>
    public void Renew(CertificateAuthority authority, Id managerId, IReadOnlyList<string> names, TimeProvider time)
    {
        if (EndsSoon(Manager, authority, time))
            Save(Manager, authority.IssueManager(managerId, names));
        if (EndsSoon(Server, authority, time))
            Save(Server, authority.IssueServer(names));
    }

    public CertificateAuthority OpenAuthority(Id platformId, TimeProvider time) => new(Open(AuthorityKey, null), platformId, time);

    /// <summary>Opens a PKCS#12 file.</summary>
    /// <exception cref="ConfigurationException">It is missing, the password is wrong, or it has no key.</exception>
    public static X509Certificate2 Open(string path, string? password)
    {
        try
        {
            var certificate = X509CertificateLoader.LoadPkcs12FromFile(path, password);
            if (certificate.HasPrivateKey)
                return certificate;
            certificate.Dispose();
            throw new ConfigurationException($"The certificate in {path} comes without its private key.", "Export it as PKCS#12 with the key.");
        }
        catch (Exception e) when (e is CryptographicException or IOException or UnauthorizedAccessException)
        {
            throw new ConfigurationException($"The certificate {path} cannot be opened: {e.Message}", "Check that it is a PKCS#12 file and that its password is in the file named by https.passwordFile.", e);
        }
    }

    /// <summary>The names under which people and agents may reach this machine: its own, localhost, and every address of its interfaces.</summary>
    public static IReadOnlyList<string> NamesOfThisMachine(IEnumerable<string> further)
    {
        var addresses = NetworkInterface.GetAllNetworkInterfaces()
            .Where(card => card.OperationalStatus == OperationalStatus.Up)
            .SelectMany(card => card.GetIPProperties().UnicastAddresses)
            .Select(unicast => unicast.Address)
            .Where(address => !address.IsIPv6LinkLocal)
            .Select(address => address.ToString());
        string[] own = ["localhost", IPAddress.Loopback.ToString(), IPAddress.IPv6Loopback.ToString(), .. HostName()];
        return [.. own.Concat(addresses).Concat(further).Distinct(StringComparer.OrdinalIgnoreCase)];
    }

    private static IEnumerable<string> HostName() => Dns.GetHostName() is { Length: > 0 } name && Uri.CheckHostName(name) == UriHostNameType.Dns ? [name] : [];

    private static bool EndsSoon(string path, CertificateAuthority authority, TimeProvider time)
    {
        using var certificate = X509CertificateLoader.LoadPkcs12FromFile(path, null);
        using var issuer = X509Certificate2.CreateFromPem(authority.Pem);
        return certificate.IssuerName.RawData.AsSpan().SequenceEqual(issuer.SubjectName.RawData)
            && certificate.NotAfter.ToUniversalTime() - time.GetUtcNow().UtcDateTime < RenewBefore;
    }

    private static void Save(string path, X509Certificate2 certificate)
    {
        using (certificate)
            PrivateFile.Write(path, certificate.Export(X509ContentType.Pkcs12));
    }
}

/// <summary>The configuration cannot be used; a person must change it.</summary>
public sealed class ConfigurationException(string message, string advice, Exception? inner = null) : Exception(message, inner)
{
    public string Advice { get; } = advice;
}
