using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using System.Security.Cryptography;
using Nssv.Kernel;

namespace Nssv.Services.Identity;

/// <summary>
/// A password as it is kept: PBKDF2 with HMAC-SHA-512 (RFC 8018) over a salt of its own, <c>pbkdf2-sha512$iterations$salt$hash</c>.
/// The count of iterations is OWASP's for this function (Password Storage Cheat Sheet, 2023).
/// </summary>
public sealed class PasswordHash
{
    /// <summary>Iterations of hashes that are made now; older hashes keep theirs until the password is changed.</summary>
    public const int Iterations = 210_000;

    private const string Scheme = "pbkdf2-sha512";
    private const int SaltLength = 16;
    private const int HashLength = 64;
    private const int MostIterations = 10_000_000;

    private readonly int _iterations;
    private readonly byte[] _salt;
    private readonly byte[] _hash;

    private PasswordHash(int iterations, byte[] salt, byte[] hash) => (_iterations, _salt, _hash) = (iterations, salt, hash);

    public static PasswordHash Of(string password, ISecretSource secrets)
    {
        var salt = new byte[SaltLength];
        secrets.Fill(salt);
        return new(Iterations, salt, Derive(password, salt, Iterations));
    }

    /// <summary>Reads what <see cref="ToString"/> wrote.</summary>
    public static bool TryParse(string text, [NotNullWhen(true)] out PasswordHash? hash)
    {
        hash = null;
        if (text.Split('$') is not [Scheme, var count, var salt, var derived]
            || !int.TryParse(count, NumberStyles.None, CultureInfo.InvariantCulture, out var iterations) || iterations is 0 or > MostIterations)
            return false;
        var (saltBytes, hashBytes) = (new byte[SaltLength], new byte[HashLength]);
        if (!Convert.TryFromBase64String(salt, saltBytes, out var saltLength) || saltLength != SaltLength
            || !Convert.TryFromBase64String(derived, hashBytes, out var hashLength) || hashLength != HashLength)
            return false;
        hash = new(iterations, saltBytes, hashBytes);
        return true;
    }

    /// <summary>Takes the same time whether the password is right or wrong (about 0.1 s).</summary>
    public bool Matches(string password) => CryptographicOperations.FixedTimeEquals(Derive(password, _salt, _iterations), _hash);

    /// <summary>For the database alone.</summary>
    public override string ToString() =>
        string.Create(CultureInfo.InvariantCulture, $"{Scheme}${_iterations}${Convert.ToBase64String(_salt)}${Convert.ToBase64String(_hash)}");

    private static byte[] Derive(string password, byte[] salt, int iterations) =>
        Rfc2898DeriveBytes.Pbkdf2(password, salt, iterations, HashAlgorithmName.SHA512, HashLength);
}
