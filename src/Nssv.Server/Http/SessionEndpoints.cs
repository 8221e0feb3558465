using System.Threading.RateLimiting;
using Nssv.Server.Audit;
using Nssv.Server.OpenApi;
using Nssv.Services.Identity;

namespace Nssv.Server.Http;

/// <summary>Signing in and out, and changing a password. None of these is an operation: what they are given is kept nowhere.</summary>
internal sealed class SessionEndpoints(Sessions sessions) : IDisposable
{
    /// <summary>Checking a password takes 0.1 s of a core by design; few at a time, so that guessing cannot starve everything else.</summary>
    private readonly ConcurrencyLimiter _checks = new(new ConcurrencyLimiterOptions { PermitLimit = 2, QueueLimit = 32, QueueProcessingOrder = QueueProcessingOrder.OldestFirst });

    public void Map(IEndpointRouteBuilder endpoints)
    {
        endpoints.MapPost($"{ApiPaths.Root}/sessions", SignIn).Allow(Access.Anyone).WithMetadata(new BodyOf(typeof(SignInRequest), "Sign in"), new Answers("Sign in", ("201", typeof(SessionDocument))));
        endpoints.MapDelete($"{ApiPaths.Root}/sessions/current", SignOut).Allow(Access.SignedIn).WithMetadata(new Audited("session.delete", Success: false), new Answers("Sign out", ("204", null)));
        endpoints.MapPost($"{ApiPaths.Root}/accounts/{{id}}:changePassword", ChangePassword).Allow(Access.Permitted("account.change-password")).WithMetadata(new Audited("account.change-password", Success: false), new BodyOf(typeof(ChangePasswordRequest), "Change an account's password"), new Answers("Change an account's password", ("204", null)));
    }

    public void Dispose() => _checks.Dispose();

    private async Task SignIn(HttpContext http)
    {
        var request = await Read<SignInRequest>(http);
        using var turn = await Turn(http);
        var signedIn = await sessions.SignIn(request.AccountName, request.Password, http.ClientAddress(), http.RemoteAddress());
        http.Response.Headers.CacheControl = "no-store";
        await ApiJson.Write(http.Response, StatusCodes.Status201Created, new SessionDocument(signedIn.Token, signedIn.ExpiresAt, signedIn.Account.Id, signedIn.Account.Name));
    }

    private async Task SignOut(HttpContext http)
    {
        QueryParameters.Check(http.Request.Query);
        await sessions.SignOut(http.Session(), http.RemoteAddress());
        http.Response.StatusCode = StatusCodes.Status204NoContent;
    }

    private async Task ChangePassword(HttpContext http)
    {
        var id = http.RouteId()!.Value;
        var request = await Read<ChangePasswordRequest>(http);
        using var turn = await Turn(http);
        await sessions.ChangePassword(http.Session(), id, request.CurrentPassword, request.NewPassword, http.ClientAddress(), http.RemoteAddress());
        http.Response.StatusCode = StatusCodes.Status204NoContent;
    }

    private async Task<RateLimitLease> Turn(HttpContext http)
    {
        var lease = await _checks.AcquireAsync(1, http.RequestAborted);
        if (lease.IsAcquired)
            return lease;
        lease.Dispose();
        throw Problems.Unavailable("Too many are signing in at this moment.").AsException();
    }

    private static async Task<T> Read<T>(HttpContext http)
    {
        QueryParameters.Check(http.Request.Query);
        var body = StrictJson.ParseObject(await RequestBody.Read(http.Request, RequestBody.Json));
        return StrictJson.Read<T>(body);
    }
}

internal sealed record SignInRequest(string AccountName, string Password)
{
    /// <summary>Never with the password.</summary>
    public override string ToString() => $"sign-in of {AccountName}";
}

internal sealed record ChangePasswordRequest(string CurrentPassword, string NewPassword)
{
    /// <summary>Never with the passwords.</summary>
    public override string ToString() => "change of a password";
}

internal sealed record SessionDocument(string Token, DateTimeOffset ExpiresAt, Id AccountId, string AccountName)
{
    /// <summary>Never with the token.</summary>
    public override string ToString() => $"session of {AccountName}";
}

/// <summary>Says of an endpoint that is not made from a declared request what it takes.</summary>
internal sealed record BodyOf(Type Type, string Summary);
