using System.Net;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Nssv.Kernel;

namespace Nssv.Simulator.Fleet;

/// <summary>Who a simulated host is: what a real agent keeps in its folder.</summary>
/// <param name="Group">Of the scenario; decides how it behaves.</param>
/// <param name="Address">Its own in 127.0.0.0/8: the one listener tells its hosts apart by it.</param>
/// <param name="Certificate">DER.</param>
/// <param name="Key">PKCS#8.</param>
internal sealed record HostIdentity(Id HostId, string Name, string Group, string Address, byte[] Certificate, byte[] Key)
{
    /// <summary>127.64.0.1 and up, clear of what a machine uses by itself.</summary>
    public static IPAddress AddressOf(int index) => new([127, (byte)(64 + index / 62_500), (byte)(index / 250 % 250), (byte)(1 + index % 250)]);

    public static HostIdentity Of(Id hostId, string name, string group, string address, X509Certificate2 own)
    {
        using var key = own.GetECDsaPrivateKey()!;
        return new(hostId, name, group, address, own.RawData, key.ExportPkcs8PrivateKey());
    }

    /// <summary>The certificate with its key.</summary>
    public X509Certificate2 Open()
    {
        using var key = ECDsa.Create();
        key.ImportPkcs8PrivateKey(Key, out _);
        using var certificate = X509CertificateLoader.LoadCertificate(Certificate);
        return certificate.CopyWithPrivateKey(key);
    }
}
