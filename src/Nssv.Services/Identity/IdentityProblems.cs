using Nssv.Kernel;

namespace Nssv.Services.Identity;

/// <summary>Problems of signing in. None tells whether an account exists.</summary>
public static class IdentityProblems
{
    public static Problem SessionNeeded { get; } =
        new(401, "session-needed", "Sign in first.", "The request carries no session, or one that has ended.", "Sign in with POST /api/v1/sessions and send its token as 'Authorization: Bearer <token>'.");

    public static Problem Refused { get; } =
        new(401, "sign-in-refused", "The sign-in was refused.", "The account's name or its password is wrong.", "Check both; the first password of 'admin' is in the file admin-password of the platform's home.");

    public static Problem PasswordWrong { get; } =
        new(403, "password-wrong", "The present password is wrong.", "The password was not changed.", "Enter the password that you signed in with.", "currentPassword");

    public static Problem TooMany(TimeSpan wait) =>
        new(429, "too-many-attempts", "Too many failed attempts.", "Signing in was tried too often with a wrong name or password.", "Wait as long as Retry-After says, then try again.")
        {
            RetryAfterSeconds = (int)Math.Ceiling(wait.TotalSeconds),
        };
}
