using System.Net;
using System.Security.Authentication;

namespace Nssv.Client.Transport;

/// <summary>When a request that met a passing fault is sent again, and how long after.</summary>
/// <param name="Attempts">How often a request is sent at most.</param>
/// <param name="FirstDelay">The pause after the first failure; each further one is twice as long.</param>
/// <param name="LongestDelay">No pause is longer, whatever the server asks for.</param>
public sealed record RetryPolicy(int Attempts, TimeSpan FirstDelay, TimeSpan LongestDelay)
{
    /// <summary>Rides out a restart of the manager of a few seconds.</summary>
    public static RetryPolicy Default { get; } = new(5, TimeSpan.FromMilliseconds(250), TimeSpan.FromSeconds(4));

    /// <summary>One attempt only.</summary>
    public static RetryPolicy None { get; } = new(1, TimeSpan.Zero, TimeSpan.Zero);

    /// <summary>The pause before attempt <paramref name="attempt"/> + 1.</summary>
    public TimeSpan DelayAfter(int attempt, TimeSpan? askedFor = null)
    {
        var delay = askedFor ?? FirstDelay * Math.Pow(2, attempt - 1);
        return delay < LongestDelay ? delay : LongestDelay;
    }

    /// <summary>True for answers that say "not now" rather than "no".</summary>
    public static bool IsTransient(HttpStatusCode status) =>
        status is HttpStatusCode.RequestTimeout or HttpStatusCode.TooManyRequests or HttpStatusCode.BadGateway or HttpStatusCode.ServiceUnavailable or HttpStatusCode.GatewayTimeout;

    /// <summary>True for faults on the way to the server; a certificate that is not trusted stays so. A handshake may break as any other exchange does: with the server's end.</summary>
    public static bool IsTransient(HttpRequestException fault) =>
        fault is { HttpRequestError: HttpRequestError.SecureConnectionError, InnerException: not AuthenticationException }
        || fault.HttpRequestError is not (HttpRequestError.SecureConnectionError or HttpRequestError.NameResolutionError or HttpRequestError.ConfigurationLimitExceeded);
}
