using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Nssv.Agent.Http;
using Nssv.Contracts.Agent;
using Nssv.Kernel;
using Nssv.Kernel.Trust;

namespace Nssv.Agent.Enrolment;

/// <summary>
/// Renews the agent's certificate when two thirds of its life are over, with a key that is made anew on this host. The manager is asked over the connection
/// that the old certificate opens, and takes that one until it sees the new one: a crash or a lost answer at any point leaves a certificate that works.
/// </summary>
internal sealed class CertificateRenewal(AgentHome home, Id hostId, MutualTls tls, PlatformTrust trust, HttpManagerLink link, TimeProvider time, ILogger logger)
{
    /// <summary>How often it is looked at; also how soon a renewal that failed is tried again. There are months left for it.</summary>
    private static readonly TimeSpan Interval = TimeSpan.FromHours(1);

    public async Task Run(CancellationToken stopping)
    {
        try
        {
            while (true)
            {
                try
                {
                    await RenewIfDue(stopping);
                }
                catch (Exception exception) when (!stopping.IsCancellationRequested)
                {
                    logger.NotRenewed(exception.Message);
                }

                await Task.Delay(Interval, time, stopping);
            }
        }
        catch (OperationCanceledException)
        {
            // The agent stops.
        }
    }

    /// <returns>Whether the agent has a new certificate now.</returns>
    public async Task<bool> RenewIfDue(CancellationToken cancel)
    {
        using (var own = Read())
        {
            if (time.GetUtcNow() < Due(own))
                return false;
        }

        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest("CN=nSSV agent", key, HashAlgorithmName.SHA256);
        var reply = await link.Renew(new(hostId, request.CreateSigningRequestPem()), cancel);
        using var certified = X509Certificate2.CreateFromPem(reply.CertificatePem);
        using var renewed = certified.CopyWithPrivateKey(key);
        if (trust.Verify(renewed, asClient: true) is not { Role: PlatformIdentity.Agent } identity || identity.Id != hostId)
            throw new InvalidDataException("the certificate that came back is not for this host");
        home.Write(renewed);
        var shown = Read();
        tls.Use(shown);
        link.Reconnect();
        logger.Renewed(shown.NotAfter.ToUniversalTime());
        return true;
    }

    /// <summary>When two thirds of the certificate's life are over.</summary>
    public static DateTimeOffset Due(X509Certificate2 certificate)
    {
        var (from, to) = (new DateTimeOffset(certificate.NotBefore.ToUniversalTime()), new DateTimeOffset(certificate.NotAfter.ToUniversalTime()));
        return from + (to - from) * 2 / 3;
    }

    private X509Certificate2 Read() => X509CertificateLoader.LoadPkcs12FromFile(home.CertificateFile, null);
}

internal static partial class CertificateRenewalLog
{
    [LoggerMessage(Level = LogLevel.Information, Message = "The certificate was renewed; it is good until {End:yyyy-MM-dd}")]
    public static partial void Renewed(this ILogger logger, DateTime end);

    [LoggerMessage(Level = LogLevel.Warning, Message = "The certificate could not be renewed; it is tried again in an hour: {Reason}")]
    public static partial void NotRenewed(this ILogger logger, string reason);
}
