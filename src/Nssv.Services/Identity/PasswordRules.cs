using Nssv.Kernel;

namespace Nssv.Services.Identity;

/// <summary>What a new password must be. Length is what counts (NIST SP 800-63B, 5.1.1.2); no rules about kinds of characters.</summary>
public static class PasswordRules
{
    public const int Shortest = 12;
    public const int Longest = 256;

    /// <summary>Letters and digits that nobody mistakes for each other, for passwords that are read from a screen.</summary>
    private const string Readable = "abcdefghjkmnpqrstuvwxyzABCDEFGHJKMNPQRSTUVWXYZ23456789";

    public static IEnumerable<FieldError> Check(string field, string password) =>
        password.Length < Shortest ? [new(field, "password-too-short", $"A password has at least {Shortest} characters.")]
        : password.Length > Longest ? [new(field, "password-too-long", $"A password has at most {Longest} characters.")]
        : password.Any(char.IsControl) ? [new(field, "password-control-character", "A password has no control characters.")]
        : [];

    /// <summary>A random password of 24 readable characters (138 bits).</summary>
    public static string NewPassword(ISecretSource secrets) => string.Create(24, secrets, static (text, secrets) =>
    {
        var unbiased = byte.MaxValue + 1 - (byte.MaxValue + 1) % Readable.Length;
        Span<byte> one = stackalloc byte[1];
        for (var i = 0; i < text.Length;)
        {
            secrets.Fill(one);
            if (one[0] < unbiased)
                text[i++] = Readable[one[0] % Readable.Length];
        }
    });
}
