namespace Nssv.Client.Transport;

/// <summary>Gives the session token; <paramref name="renew"/> is true after the server refused the last one. Null means that there is none.</summary>
public delegate ValueTask<string?> TokenSource(bool renew, CancellationToken cancellation);

/// <summary>Where the platform is, how it is recognised and who calls.</summary>
public sealed record ApiConnection
{
    /// <summary>The server's address, <c>https://name[:port]</c>.</summary>
    public required Uri Server { get; init; }

    /// <summary>How the server's certificate is judged.</summary>
    public ServerTrust Trust { get; init; } = ServerTrust.SystemRoots;

    /// <summary>The session's token.</summary>
    public TokenSource Token { get; init; } = (_, _) => ValueTask.FromResult<string?>(null);

    /// <summary>What happens after a passing fault.</summary>
    public RetryPolicy Retry { get; init; } = RetryPolicy.Default;

    /// <summary>The clock; tests give their own.</summary>
    public TimeProvider Time { get; init; } = TimeProvider.System;

    /// <summary>How long one answer may take, streams and uploads excepted.</summary>
    public TimeSpan AnswerTimeout { get; init; } = TimeSpan.FromSeconds(60);

    /// <summary>How long a server that is away is waited for while an operation is followed.</summary>
    public TimeSpan LongestOutage { get; init; } = TimeSpan.FromMinutes(2);

    /// <summary>How often a followed operation is looked at although no event asks for it.</summary>
    public TimeSpan SafetyPoll { get; init; } = TimeSpan.FromSeconds(5);
}
