using System.Buffers.Text;
using System.Security.Cryptography;
using System.Text;
using Nssv.Kernel;

namespace Nssv.Services.Inventory.Enrolments;

/// <summary>Tokens that agents enrol with: 256 random bits, of which only the hash is kept.</summary>
internal static class EnrolmentTokens
{
    public static readonly TimeSpan Lifetime = TimeSpan.FromMinutes(15);

    private const int Bytes = 32;

    public static string New(ISecretSource secrets)
    {
        Span<byte> bytes = stackalloc byte[Bytes];
        secrets.Fill(bytes);
        return Base64Url.EncodeToString(bytes);
    }

    public static string Hash(string token) => Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(token)));

    /// <summary>Does not tell whether the token never was, is spent or has expired.</summary>
    public static Problem Refused { get; } = new(
        403, "enrolment-refused", "The enrolment was refused.", "The token is unknown, spent or expired.",
        "Make a new one with POST /api/v1/hosts/{id}:enroll and enrol within 15 minutes.");
}
