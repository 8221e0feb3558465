using System.Net.Security;
using System.Security.Cryptography.X509Certificates;

namespace Nssv.Client.Transport;

/// <summary>Decides whether the server is who it says: by the system's roots, or by the instance's own certificate authority. Its name must fit in either case.</summary>
public sealed class ServerTrust
{
    private readonly X509Certificate2Collection authorities;
    private readonly bool trustAnything;

    private ServerTrust(X509Certificate2Collection authorities, bool trustAnything)
    {
        this.authorities = authorities;
        this.trustAnything = trustAnything;
    }

    /// <summary>Only the system's roots.</summary>
    public static ServerTrust SystemRoots => new([], false);

    /// <summary>Any certificate at all: only for a person who asked for it by name.</summary>
    public static ServerTrust Insecure => new([], true);

    /// <summary>The system's roots and the authorities in a PEM file.</summary>
    public static ServerTrust FromFile(string pemFile)
    {
        var authorities = new X509Certificate2Collection();
        authorities.ImportFromPemFile(pemFile);
        return new(authorities, false);
    }

    /// <summary>The check for <see cref="SslClientAuthenticationOptions"/> and web sockets.</summary>
    public bool Accepts(object sender, X509Certificate? certificate, X509Chain? chain, SslPolicyErrors errors)
    {
        if (trustAnything || errors == SslPolicyErrors.None)
        {
            return true;
        }

        if (errors != SslPolicyErrors.RemoteCertificateChainErrors || authorities.Count == 0 || certificate is not X509Certificate2 leaf)
        {
            return false;
        }

        using var own = new X509Chain();
        own.ChainPolicy.TrustMode = X509ChainTrustMode.CustomRootTrust;
        own.ChainPolicy.CustomTrustStore.AddRange(authorities);
        own.ChainPolicy.RevocationMode = X509RevocationMode.NoCheck;
        own.ChainPolicy.ApplicationPolicy.Add(new System.Security.Cryptography.Oid("1.3.6.1.5.5.7.3.1"));
        if (chain is not null)
        {
            own.ChainPolicy.ExtraStore.AddRange(chain.ChainElements.Select(element => element.Certificate).ToArray());
        }

        return own.Build(leaf);
    }
}
