using Nssv.Cli.Platform;
using Nssv.Client;
using Nssv.Client.Problems;
using Nssv.Client.Transport;

namespace Nssv.Cli.Sessions;

/// <summary>Signs in to the instance on this machine with the password that its first start stored.</summary>
internal sealed class LocalSignIn(InstanceHome home, Uri server, ServerTrust trust, TimeProvider time)
{
    public const string AccountName = "admin";
    private readonly SessionCache cache = new(home.Session, time);
    private string? token;

    public async ValueTask<string?> Token(bool renew, CancellationToken cancellation)
    {
        if (!renew && (token ??= cache.Read(server)) is not null)
        {
            return token;
        }

        string password;
        try
        {
            password = (await File.ReadAllTextAsync(home.AdminPassword, cancellation)).TrimEnd('\r', '\n');
        }
        catch (Exception unreadable) when (unreadable is IOException or UnauthorizedAccessException)
        {
            throw new ApiProblemException(new ApiProblem
            {
                Title = "Not signed in",
                Code = "not-signed-in",
                Detail = $"{home.AdminPassword} cannot be read: {unreadable.Message}",
                Advice = "Run this as root, or give --server and a session token (NSSV_TOKEN or --token-file).",
            });
        }

        using var client = new ApiClient(new ApiConnection { Server = server, Trust = trust, Time = time });
        try
        {
            var session = await client.SignIn(AccountName, password, cancellation);
            token = session["token"].AsText() ?? throw new FormatException("The server's answer has no token.");
            cache.Write(server, token, session["expiresAt"].AsText());
            return token;
        }
        catch (ApiProblemException refused) when (refused.Problem.Status is 401 or 403)
        {
            throw new ApiProblemException(refused.Problem with
            {
                Document = null,
                Advice = $"If the password of '{AccountName}' was changed, write the new one into {home.AdminPassword} (readable by root alone), or give NSSV_TOKEN.",
            });
        }
    }
}
